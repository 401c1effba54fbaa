// What all workers share of a cluster: the counts behind its limits, and what worker 0 has found
// out about its endpoints. Kept from one snapshot to the next by whoever publishes. Any thread.
#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>

#include "base/gate.h"
#include "base/ids.h"

namespace weft::upstream {

struct SharedEndpoint {
  base::Gate connections;
  std::atomic<bool> unhealthy{false};  ///< Written by worker 0, which tells the others to look.
};

/// Null: no maximum; of an endpoint, also no health check.
struct SharedCluster {
  std::shared_ptr<base::Gate> connections;
  std::shared_ptr<base::Gate> pending;
  std::unordered_map<base::EndpointId, std::shared_ptr<SharedEndpoint>> endpoints;

  [[nodiscard]] std::shared_ptr<SharedEndpoint> endpoint(base::EndpointId id) const {
    const auto found = endpoints.find(id);
    return found == endpoints.end() ? nullptr : found->second;
  }
};

}  // namespace weft::upstream
