// What the admin interface can ask workers to show: copies, made on the worker, for people. Same
// fields as ConnectionDump, EndpointDump and ListenerDump in lib/contract/addon.ts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "proxy/connection_view.h"
#include "snapshot/listener.h"
#include "telemetry/event.h"

namespace weft::engine {

enum class DumpKind : std::uint8_t { Connections, Clusters, Listeners };

using ConnectionDump = proxy::ConnectionView;
using ConnectionState = proxy::ConnectionState;

struct EndpointDump {
  std::uint32_t worker = 0;
  base::ClusterId clusterId;
  base::EndpointId endpointId;
  std::uint32_t connectionsNow = 0;
  std::uint32_t loadNow = 0;  ///< Opaque connections and requests under way.
  std::uint32_t idleNow = 0;  ///< Connections that wait for a request.
  std::uint64_t connectUs = 0;
  bool available = true;
  std::uint32_t failureCount = 0;
  std::uint32_t earlyCloseCount = 0;
  bool ejected = false;
  std::optional<telemetry::UnavailableCause> cause;
};

/// Where a listener is bound: its address, with the port that the kernel chose for port 0.
struct ListenerDump {
  base::ListenerId listenerId;
  std::string address;
};

/// Which connections to show; what is not set shows all.
struct ConnectionFilter {
  std::optional<std::vector<base::ListenerId>> listenerIds;
  std::optional<std::vector<base::ClusterId>> clusterIds;
  std::optional<ConnectionState> state;
  std::optional<snapshot::Protocol> protocol;
  std::uint64_t ageMsMin = 0;
  /// Of either side: '10.0.0.5:80', or '10.0.0.5' for every port.
  std::optional<std::string> address;

  [[nodiscard]] bool matches(const ConnectionDump& connection) const;
};

struct DumpQuery {
  DumpKind kind = DumpKind::Connections;
  std::uint32_t countMax = 0;
  ConnectionFilter filter;
};

struct DumpResult {
  std::vector<ConnectionDump> connections;
  std::vector<EndpointDump> endpoints;
  std::vector<ListenerDump> listeners;
  bool truncated = false;
};

}  // namespace weft::engine
