// Power of two choices over peak EWMA: draws two endpoints by weight and takes the one whose
// latency (connect time, or time to the first byte of a response), times its load for its weight,
// is lower. Cheap, and a slow or busy endpoint
// gets little without a herd running to the best one.
#pragma once

#include <memory>

#include "snapshot/cluster.h"
#include "upstream/balancer.h"

namespace weft::upstream {

[[nodiscard]] std::unique_ptr<Balancer> makeP2cEwma(const snapshot::Balancer& settings);

}  // namespace weft::upstream
