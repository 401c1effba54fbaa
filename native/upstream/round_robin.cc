#include "upstream/round_robin.h"

#include <cstdint>
#include <memory>

#include "base/random.h"
#include "snapshot/cluster.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_set.h"
#include "upstream/ordered_balancer.h"
#include "upstream/turns.h"

namespace weft::upstream {

namespace {

class RoundRobinOrder {
 public:
  void reset(const EndpointSet& endpoints) { turns_.reset(endpoints); }

  void begin(base::Random& random) noexcept { turns_.begin(random); }

  [[nodiscard]] bool before(std::uint32_t left, std::uint32_t right) const noexcept {
    return turns_.before(left, right);
  }

  void picked(std::uint32_t index) noexcept { turns_.taken(index); }

  void returned(std::uint32_t index) noexcept { turns_.returned(index); }

  void loadChanged(std::uint32_t) noexcept {}

  void weightChanged(std::uint32_t index, std::uint32_t weight) noexcept {
    turns_.weightChanged(index, weight);
  }

 private:
  Turns turns_;
};

}  // namespace

std::unique_ptr<Balancer> makeRoundRobin(const snapshot::Balancer& settings) {
  return std::make_unique<OrderedBalancer<RoundRobinOrder>>(settings.slowStart);
}

}  // namespace weft::upstream
