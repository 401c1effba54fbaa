#include "engine/shared_state.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/gate.h"
#include "snapshot/cluster.h"
#include "snapshot/endpoint.h"
#include "snapshot/snapshot.h"
#include "upstream/shared_cluster.h"

namespace weft::engine {

namespace {

using upstream::SharedCluster;
using upstream::SharedEndpoint;

/// The present one, or a new one; none without a maximum.
std::shared_ptr<base::Gate> gateFor(const std::optional<std::uint32_t>& max,
                                    const std::shared_ptr<base::Gate>& present) {
  if (!max) {
    return nullptr;
  }
  return present == nullptr ? std::make_shared<base::Gate>() : present;
}

std::shared_ptr<const SharedCluster> stateFor(const snapshot::Cluster& cluster,
                                              const SharedCluster& present) {
  auto state = std::make_shared<SharedCluster>(
      SharedCluster{.connections = gateFor(cluster.connectionsMax, present.connections),
                    .pending = gateFor(cluster.pendingMax, present.pending),
                    .endpoints = {}});
  if (cluster.endpointConnectionsMax || cluster.healthCheck) {
    for (const snapshot::Endpoint& endpoint : cluster.endpoints) {
      const auto found = present.endpoint(endpoint.id);
      state->endpoints[endpoint.id] = found == nullptr ? std::make_shared<SharedEndpoint>() : found;
    }
  }
  return state;
}

}  // namespace

void SharedState::adopt(const snapshot::Snapshot& next) {
  decltype(listeners_) listeners;
  for (const auto& listener : next.listeners) {
    const auto present = listeners_.find(listener->id);
    listeners[listener->id] =
        present == listeners_.end() ? std::make_shared<base::Gate>() : present->second;
  }
  decltype(clusters_) clusters;
  const SharedCluster none;
  for (const auto& cluster : next.clusters) {
    const auto present = clusters_.find(cluster->id);
    const bool known = present != clusters_.end();
    clusters[cluster->id] =
        known && present->second.revision == cluster->revision
            ? present->second
            : OfCluster{.revision = cluster->revision,
                        .state = stateFor(*cluster, known ? *present->second.state : none)};
  }
  listeners_ = std::move(listeners);
  clusters_ = std::move(clusters);
}

}  // namespace weft::engine
