// Random by weight: no memory of what was picked before.
#pragma once

#include <memory>

#include "upstream/balancer.h"

namespace weft::upstream {

[[nodiscard]] std::unique_ptr<Balancer> makeWeightedRandom();

}  // namespace weft::upstream
