// Least connections: the endpoint with the fewest connections for its weight, as this worker counts
// them. Among equal ones it goes round by weight.
#pragma once

#include <memory>

#include "snapshot/cluster.h"
#include "upstream/balancer.h"

namespace weft::upstream {

[[nodiscard]] std::unique_ptr<Balancer> makeLeastConnections(const snapshot::Balancer& settings);

}  // namespace weft::upstream
