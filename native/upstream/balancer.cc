#include "upstream/balancer.h"

#include <memory>
#include <optional>

#include "base/assert.h"
#include "snapshot/cluster.h"
#include "upstream/hash_balancer.h"
#include "upstream/least_connections.h"
#include "upstream/p2c_ewma.h"
#include "upstream/round_robin.h"
#include "upstream/weighted_random.h"
#include "upstream/zone_balancer.h"

namespace weft::upstream {

namespace {

std::unique_ptr<Balancer> makeOne(const snapshot::Balancer& settings) {
  switch (settings.type) {
    case snapshot::BalancerType::P2cEwma:
      return makeP2cEwma(settings);
    case snapshot::BalancerType::RoundRobin:
      return makeRoundRobin(settings);
    case snapshot::BalancerType::LeastConnections:
      return makeLeastConnections(settings);
    case snapshot::BalancerType::Random:
      return makeWeightedRandom(settings);
    case snapshot::BalancerType::RingHash:
    case snapshot::BalancerType::Maglev:
      return makeHashBalancer(settings);
  }
  WEFT_CHECK(false);
  return nullptr;
}

}  // namespace

std::unique_ptr<Balancer> makeBalancer(
    const snapshot::Balancer& settings,
    const std::optional<snapshot::ZonePreference>& zonePreference) {
  if (!zonePreference.has_value()) {
    return makeOne(settings);
  }
  return makeZoneBalancer(*zonePreference,
                          {.ownZone = makeOne(settings), .others = makeOne(settings)});
}

}  // namespace weft::upstream
