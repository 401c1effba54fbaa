// Worker::dump: copies for people; bounded by the caller.
#include "engine/dump.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "engine/worker.h"
#include "proxy/connection.h"
#include "telemetry/event.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_pool.h"  // IWYU pragma: keep

namespace weft::engine {

namespace {

template <typename Id>
bool isOneOf(const std::optional<std::vector<Id>>& wanted, Id id) {
  return !wanted || std::ranges::find(*wanted, id) != wanted->end();
}

/// Whole, or followed by a port.
bool isAt(std::string_view address, std::string_view wanted) {
  return address.starts_with(wanted) &&
         (address.size() == wanted.size() || address[wanted.size()] == ':');
}

std::optional<telemetry::UnavailableCause> causeOf(const upstream::Endpoint& endpoint) {
  if (endpoint.failing) {
    return endpoint.cause;
  }
  return endpoint.unhealthy ? std::optional(telemetry::UnavailableCause::HealthCheck)
                            : std::nullopt;
}

}  // namespace

bool ConnectionFilter::matches(const ConnectionDump& connection) const {
  const auto atAddress = [&] {
    return !address || isAt(connection.downstreamAddress, *address) ||
           (connection.upstreamAddress && isAt(*connection.upstreamAddress, *address));
  };
  return isOneOf(listenerIds, connection.listenerId) && isOneOf(clusterIds, connection.clusterId) &&
         (!state || *state == connection.state) &&
         (!protocol || *protocol == connection.protocol) && connection.ageMs >= ageMsMin &&
         atAddress();
}

void Worker::dump(const DumpQuery& query, DumpResult& result) {
  switch (query.kind) {
    case DumpKind::Connections:
      dumpConnections(query, result);
      break;
    case DumpKind::Clusters:
      dumpClusters(query.countMax, result);
      break;
    case DumpKind::Listeners:
      // The engine's: no worker has them.
      break;
  }
}

void Worker::dumpConnections(const DumpQuery& query, DumpResult& result) {
  connections_.forEach([&](const proxy::Connection& connection) {
    ConnectionDump view = connection.view();
    if (!query.filter.matches(view)) {
      return true;
    }
    if (result.connections.size() >= query.countMax) {
      result.truncated = true;
      return false;
    }
    result.connections.push_back(std::move(view));
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
      result.endpoints.push_back(
          {.worker = parts_.index,
           .clusterId = clusterId,
           .endpointId = endpointId,
           .connectionsNow = endpoint->connectionsNow,
           .loadNow = endpoint->loadNow,
           .idleNow = endpoint->pool == nullptr ? 0 : endpoint->pool->count(),
           .connectUs =
               static_cast<std::uint64_t>(endpoint->connectTime.valueUs(loop_.now(), decay)),
           .available = endpoint->usable(),
           .failureCount = endpoint->failureCount,
           .earlyCloseCount = endpoint->earlyCloseCount,
           .ejected = endpoint->ejected,
           .cause = causeOf(*endpoint)});
    }
  }
}

}  // namespace weft::engine
