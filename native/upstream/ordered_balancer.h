// OrderedBalancer: picks the endpoint that comes first by some order, from a heap of those that are
// not parked. The order is the difference between round robin and least connections:
//   void reset(const EndpointSet&);            new members and weights; may allocate
//   void begin(base::Random&);                 before the first pick
//   bool before(uint32_t, uint32_t) const;     the order
//   void picked(uint32_t);                     was chosen
//   void returned(uint32_t);                   is no longer parked
//   void loadChanged(uint32_t);                its connectionsNow has changed
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "upstream/balancer.h"
#include "upstream/endpoint_set.h"
#include "upstream/index_heap.h"

namespace weft::upstream {

template <typename Order>
class OrderedBalancer final : public Balancer {
 public:
  OrderedBalancer() : ready_(ByOrder{order_}) {}

  void setEndpoints(std::span<EndpointState* const> endpoints) override {
    endpoints_.reset(endpoints);
    order_.reset(endpoints_);
    ready_.reset(endpoints.size());
    aside_.clear();
    aside_.reserve(endpoints.size());
    begun_ = false;
  }

  [[nodiscard]] EndpointState* pick(const PickContext& context) override {
    if (!begun_) {
      begin(context.random);
    }
    for (std::uint32_t index = endpoints_.nextReturn(context.now); index != EndpointSet::kNotMember;
         index = endpoints_.nextReturn(context.now)) {
      enter(index);
    }
    EndpointState* endpoint = firstUsable(context);
    for (const std::uint32_t index : aside_) {
      ready_.push(index);
    }
    aside_.clear();
    return endpoint != nullptr ? endpoint : endpoints_.pickUnavailable(context);
  }

  void loadChanged(EndpointState& endpoint) override {
    const std::uint32_t index = endpoints_.indexOf(endpoint);
    if (!begun_ || index == EndpointSet::kNotMember) {
      return;
    }
    order_.loadChanged(index);
    if (ready_.contains(index)) {
      ready_.update(index);
    } else if (endpoints_.returnsEarly(index)) {
      enter(index);
    }
  }

 private:
  struct ByOrder {
    const Order& order;

    bool operator()(std::uint32_t left, std::uint32_t right) const noexcept {
      return order.before(left, right);
    }
  };

  void begin(base::Random& random) {
    order_.begin(random);
    for (std::uint32_t index = 0; index < endpoints_.size(); ++index) {
      ready_.push(index);
    }
    begun_ = true;
  }

  void enter(std::uint32_t index) {
    order_.returned(index);
    ready_.push(index);
  }

  /// Parks what it finds unavailable and puts aside what was tried.
  EndpointState* firstUsable(const PickContext& context) {
    while (!ready_.empty()) {
      const std::uint32_t index = ready_.top();
      EndpointState& endpoint = endpoints_.at(index);
      if (endpoint.availableAt(context.now) && !wasTried(context, endpoint)) {
        order_.picked(index);
        ready_.update(index);
        return &endpoint;
      }
      ready_.remove(index);
      if (endpoint.availableAt(context.now)) {
        aside_.push_back(index);
      } else {
        endpoints_.park(index);
      }
    }
    return nullptr;
  }

  EndpointSet endpoints_;
  Order order_;
  IndexHeap<ByOrder> ready_;
  std::vector<std::uint32_t> aside_;
  bool begun_ = false;
};

}  // namespace weft::upstream
