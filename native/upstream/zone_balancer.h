// Zone preference: two balancers of the same kind, one over the endpoints in the own zone and one
// over the others. Connections stay in the own zone while enough of it is usable; when less is, the
// part that is missing goes to the others, and nothing stays where nothing is usable.
#pragma once

#include <memory>

#include "snapshot/cluster.h"
#include "upstream/balancer.h"

namespace weft::upstream {

struct ZoneBalancers {
  std::unique_ptr<Balancer> ownZone;
  std::unique_ptr<Balancer> others;
};

[[nodiscard]] std::unique_ptr<Balancer> makeZoneBalancer(const snapshot::ZonePreference& settings,
                                                         ZoneBalancers balancers);

}  // namespace weft::upstream
