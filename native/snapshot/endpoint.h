// One address of a cluster.
#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/ids.h"

namespace weft::snapshot {

struct Endpoint {
  base::EndpointId id;
  base::Address address;
  std::uint32_t weight = 1;
  bool ownZone = false;  ///< In the zone of this proxy.
};

}  // namespace weft::snapshot
