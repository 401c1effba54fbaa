#include "upstream/balancer.h"

#include <memory>

#include "base/assert.h"
#include "snapshot/cluster.h"
#include "upstream/least_connections.h"
#include "upstream/p2c_ewma.h"
#include "upstream/round_robin.h"
#include "upstream/weighted_random.h"

namespace weft::upstream {

std::unique_ptr<Balancer> makeBalancer(const snapshot::Balancer& settings) {
  switch (settings.type) {
    case snapshot::BalancerType::P2cEwma:
      return makeP2cEwma(settings);
    case snapshot::BalancerType::RoundRobin:
      return makeRoundRobin();
    case snapshot::BalancerType::LeastConnections:
      return makeLeastConnections();
    case snapshot::BalancerType::Random:
      return makeWeightedRandom();
  }
  WEFT_CHECK(false);
  return nullptr;
}

}  // namespace weft::upstream
