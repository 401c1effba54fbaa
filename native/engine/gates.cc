#include "engine/gates.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/gate.h"
#include "snapshot/cluster.h"
#include "snapshot/endpoint.h"
#include "snapshot/snapshot.h"
#include "upstream/limit.h"

namespace weft::engine {

namespace {

using upstream::ClusterGates;

/// The present one, or a new one; none without a maximum.
std::shared_ptr<base::Gate> gateFor(const std::optional<std::uint32_t>& max,
                                    const std::shared_ptr<base::Gate>& present) {
  if (!max) {
    return nullptr;
  }
  return present == nullptr ? std::make_shared<base::Gate>() : present;
}

std::shared_ptr<const ClusterGates> gatesFor(const snapshot::Cluster& cluster,
                                             const ClusterGates& present) {
  auto gates = std::make_shared<ClusterGates>(
      ClusterGates{.connections = gateFor(cluster.connectionsMax, present.connections),
                   .pending = gateFor(cluster.pendingMax, present.pending),
                   .endpoints = {}});
  if (cluster.endpointConnectionsMax) {
    for (const snapshot::Endpoint& endpoint : cluster.endpoints) {
      const auto found = present.endpoints.find(endpoint.id);
      gates->endpoints[endpoint.id] =
          found == present.endpoints.end() ? std::make_shared<base::Gate>() : found->second;
    }
  }
  return gates;
}

}  // namespace

void Gates::adopt(const snapshot::Snapshot& next) {
  decltype(listeners_) listeners;
  for (const auto& listener : next.listeners) {
    const auto present = listeners_.find(listener->id);
    listeners[listener->id] =
        present == listeners_.end() ? std::make_shared<base::Gate>() : present->second;
  }
  decltype(clusters_) clusters;
  const ClusterGates none;
  for (const auto& cluster : next.clusters) {
    const auto present = clusters_.find(cluster->id);
    const bool known = present != clusters_.end();
    clusters[cluster->id] =
        known && present->second.revision == cluster->revision
            ? present->second
            : OfCluster{.revision = cluster->revision,
                        .gates = gatesFor(*cluster, known ? *present->second.gates : none)};
  }
  listeners_ = std::move(listeners);
  clusters_ = std::move(clusters);
}

}  // namespace weft::engine
