// Round robin by weight: each endpoint gets its share of picks, spread evenly over time.
#pragma once

#include <memory>

#include "snapshot/cluster.h"
#include "upstream/balancer.h"

namespace weft::upstream {

[[nodiscard]] std::unique_ptr<Balancer> makeRoundRobin(const snapshot::Balancer& settings);

}  // namespace weft::upstream
