// Ring hash and Maglev: connections with equal keys go to one endpoint, the same one in each worker
// and process, and when endpoints come or go most keys stay where they are. The two differ in their
// tables only. A dead endpoint's keys go to those that follow in its table; with a load bound so do
// those of an endpoint that has more than its share of the connections.
#pragma once

#include <memory>

#include "snapshot/cluster.h"
#include "upstream/balancer.h"

namespace weft::upstream {

[[nodiscard]] std::unique_ptr<Balancer> makeHashBalancer(const snapshot::Balancer& settings);

}  // namespace weft::upstream
