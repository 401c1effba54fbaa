// Worker::dump: copies for people; bounded by the caller.
#include "engine/dump.h"

#include <cstdint>

#include "base/clock.h"
#include "engine/worker.h"
#include "proxy/connection.h"

namespace weft::engine {

void Worker::dump(DumpKind kind, std::uint32_t countMax, DumpResult& result) {
  switch (kind) {
    case DumpKind::Connections:
      dumpConnections(countMax, result);
      break;
    case DumpKind::Clusters:
      dumpClusters(countMax, result);
      break;
    case DumpKind::Listeners:
      // The engine's: no worker has them.
      break;
  }
}

void Worker::dumpConnections(std::uint32_t countMax, DumpResult& result) {
  connections_.forEach([&](const proxy::Connection& connection) {
    if (result.connections.size() >= countMax) {
      result.truncated = true;
      return false;
    }
    result.connections.push_back(connection.view());
    return true;
  });
}

void Worker::dumpClusters(std::uint32_t countMax, DumpResult& result) {
  for (const auto& [clusterId, cluster] : clusters_) {
    for (const auto& [endpointId, endpoint] : cluster->endpoints()) {
      if (result.endpoints.size() >= countMax) {
        result.truncated = true;
        return;
      }
      const base::Duration decay = cluster->settings().balancer.decay;
      result.endpoints.push_back({.worker = parts_.index,
                                  .clusterId = clusterId,
                                  .endpointId = endpointId,
                                  .connectionsNow = endpoint->connectionsNow,
                                  .connectUs = static_cast<std::uint64_t>(
                                      endpoint->connectTime.valueUs(loop_.now(), decay)),
                                  .available = endpoint->availableAt(loop_.now()),
                                  .failureCount = endpoint->failureCount});
    }
  }
}

}  // namespace weft::engine
