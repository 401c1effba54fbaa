// What the admin interface can ask workers to show: copies, made on the worker, for people. Same fields as
// ConnectionDump and EndpointDump in lib/contract/addon.ts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace weft::engine {

enum class DumpKind : std::uint8_t { Connections, Clusters };

enum class ConnectionState : std::uint8_t { Connecting, Open, Closing };

struct ConnectionDump {
  std::uint32_t worker = 0;
  base::ConnectionId connectionId;
  base::ListenerId listenerId;
  base::ClusterId clusterId;
  base::EndpointId endpointId;  ///< Not present before an endpoint was picked.
  ConnectionState state = ConnectionState::Connecting;
  std::string downstreamAddress;
  std::optional<std::string> upstreamAddress;
  std::uint64_t ageMs = 0;
  std::uint64_t idleMs = 0;
  std::uint64_t downstreamReadBytes = 0;
  std::uint64_t upstreamReadBytes = 0;
  std::uint64_t bufferedBytes = 0;
  bool spliced = false;
};

struct EndpointDump {
  std::uint32_t worker = 0;
  base::ClusterId clusterId;
  base::EndpointId endpointId;
  std::uint32_t connectionsNow = 0;
  std::uint64_t connectUs = 0;
  bool available = true;
  std::uint32_t failureCount = 0;
};

struct DumpResult {
  std::vector<ConnectionDump> connections;
  std::vector<EndpointDump> endpoints;
  bool truncated = false;
};

}  // namespace weft::engine
