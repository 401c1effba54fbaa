// Round robin by weight: each endpoint gets its share of picks, spread evenly over time.
#pragma once

#include <memory>

#include "upstream/balancer.h"

namespace weft::upstream {

[[nodiscard]] std::unique_ptr<Balancer> makeRoundRobin();

}  // namespace weft::upstream
