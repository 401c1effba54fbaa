// Random by weight: no memory of what was picked before.
#pragma once

#include <memory>

#include "snapshot/cluster.h"
#include "upstream/balancer.h"

namespace weft::upstream {

[[nodiscard]] std::unique_ptr<Balancer> makeWeightedRandom(const snapshot::Balancer& settings);

}  // namespace weft::upstream
