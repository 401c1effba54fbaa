// OrderedBalancer: picks the endpoint that comes first by some order, from a heap of those that are
// not parked. The order is the difference between round robin and least connections:
//   void reset(const EndpointSet&);            new members and weights; may allocate
//   void begin(base::Random&);                 before the first pick
//   bool before(uint32_t, uint32_t) const;     the order
//   void picked(uint32_t);                     was chosen
//   void returned(uint32_t);                   is no longer parked
//   void loadChanged(uint32_t);                its loadNow has changed
//   void weightChanged(uint32_t, uint32_t);    its weight has
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "snapshot/cluster.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_set.h"
#include "upstream/index_heap.h"

namespace weft::upstream {

template <typename Order>
class OrderedBalancer final : public Balancer {
 public:
  explicit OrderedBalancer(const std::optional<snapshot::SlowStart>& slowStart)
      : endpoints_(slowStart), ready_(ByOrder{order_}) {}

  void setMembers(const Members& members) override {
    endpoints_.reset(members.endpoints);
    order_.reset(endpoints_);
    ready_.reset(endpoints_.size());
    aside_.clear();
    aside_.reserve(endpoints_.size());
    begun_ = false;
  }

  [[nodiscard]] EndpointState* pick(const PickContext& context) override {
    if (!begun_) {
      begin(context.random);
    }
    refresh(context.now);
    EndpointState* endpoint = firstUsable(context);
    for (const std::uint32_t index : aside_) {
      ready_.push(index);
    }
    aside_.clear();
    return endpoint != nullptr ? endpoint : endpoints_.pickUnavailable(context);
  }

  void loadChanged(EndpointState& endpoint) override {
    const std::uint32_t index = endpoints_.indexOf(endpoint);
    if (index == EndpointSet::kNotMember) {
      return;
    }
    if (endpoints_.startsSlowly(index)) {
      order_.weightChanged(index, endpoints_.weight(index));
    }
    if (!begun_) {
      return;
    }
    order_.loadChanged(index);
    if (ready_.contains(index)) {
      ready_.update(index);
    } else if (endpoints_.returnsEarly(index)) {
      enter(index);
    }
    if (ready_.contains(index) && endpoints_.isNewlyUnavailable(index)) {
      ready_.remove(index);
      endpoints_.park(index);
    }
  }

  [[nodiscard]] Usable usable(base::TimePoint now) override {
    if (begun_) {
      refresh(now);
    }
    return endpoints_.usable();
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

  void refresh(base::TimePoint now) {
    endpoints_.refresh(
        now, [this](std::uint32_t index) { enter(index); },
        [this](std::uint32_t index) {
          order_.weightChanged(index, endpoints_.weight(index));
          if (ready_.contains(index)) {
            ready_.update(index);
          }
        });
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
