// ConnectionView: what can be shown of an open connection: a copy, for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "snapshot/listener.h"

namespace weft::proxy {

enum class ConnectionState : std::uint8_t { Connecting, Open, Closing, Detecting };

/// What a request under way is waiting for.
enum class RequestState : std::uint8_t {
  Delayed,     ///< The time of its next attempt, or of a fault.
  Queued,      ///< A connection that a limit allows.
  Connecting,  ///< A new connection.
  Sent,        ///< The head of the response, while the request goes out or has.
  Responding,  ///< The end of the response.
};

struct ConnectionView {
  std::uint32_t worker = 0;
  base::ConnectionId connectionId;
  base::ListenerId listenerId;
  base::ClusterId clusterId;
  base::EndpointId endpointId;  ///< Not present before an endpoint was picked.
  ConnectionState state = ConnectionState::Connecting;
  snapshot::Protocol protocol = snapshot::Protocol::Detect;  ///< Detect: not known yet.
  std::string downstreamAddress;
  std::optional<std::string> upstreamAddress;
  std::optional<std::string> originalDst;  ///< Of a redirected connection.
  std::uint64_t ageMs = 0;
  std::uint64_t idleMs = 0;
  std::uint64_t downstreamReadBytes = 0;
  std::uint64_t upstreamReadBytes = 0;
  std::uint64_t bufferedBytes = 0;
  bool spliced = false;
  std::uint64_t requestCount = 0;  ///< Of HTTP, so far.
  std::optional<RequestState> requestState{};

  /// Of one whose first bytes are waited for: how long none came, and how many are held.
  void showWaiting(base::Duration idle, std::uint64_t heldBytes) noexcept {
    state = ConnectionState::Detecting;
    idleMs = base::wholeMilliseconds(idle);
    downstreamReadBytes = heldBytes;
    bufferedBytes = heldBytes;
  }
};

}  // namespace weft::proxy
