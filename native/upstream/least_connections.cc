#include "upstream/least_connections.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "snapshot/cluster.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_set.h"
#include "upstream/endpoint_state.h"
#include "upstream/ordered_balancer.h"
#include "upstream/turns.h"

namespace weft::upstream {

namespace {

class LeastConnectionsOrder {
 public:
  void reset(const EndpointSet& endpoints) {
    endpoints_ = &endpoints;
    turns_.reset(endpoints);
    loads_.resize(endpoints.size());
  }

  void begin(base::Random& random) noexcept {
    turns_.begin(random);
    for (std::uint32_t index = 0; index < loads_.size(); ++index) {
      const EndpointState& endpoint = endpoints_->at(index);
      loads_[index] = {.weight = endpoints_->weight(index), .connections = endpoint.loadNow};
    }
  }

  [[nodiscard]] bool before(std::uint32_t left, std::uint32_t right) const noexcept {
    // connections/weight of both, without a division.
    const std::uint64_t leftLoad = loads_[left].connections * loads_[right].weight;
    const std::uint64_t rightLoad = loads_[right].connections * loads_[left].weight;
    return leftLoad == rightLoad ? turns_.before(left, right) : leftLoad < rightLoad;
  }

  void picked(std::uint32_t index) noexcept { turns_.taken(index); }

  void returned(std::uint32_t index) noexcept { turns_.returned(index); }

  void loadChanged(std::uint32_t index) noexcept {
    loads_[index].connections = endpoints_->at(index).loadNow;
  }

  void weightChanged(std::uint32_t index, std::uint32_t weight) noexcept {
    turns_.weightChanged(index, weight);
    loads_[index].weight = weight;
  }

 private:
  /// A copy, so that the heap's order changes only when the heap is told.
  struct Load {
    std::uint64_t weight = 1;
    std::uint64_t connections = 0;
  };

  const EndpointSet* endpoints_ = nullptr;
  Turns turns_;
  std::vector<Load> loads_;
};

}  // namespace

std::unique_ptr<Balancer> makeLeastConnections(const snapshot::Balancer& settings) {
  return std::make_unique<OrderedBalancer<LeastConnectionsOrder>>(settings.slowStart);
}

}  // namespace weft::upstream
