// The closed list of ways in which a connection ends. The number is the metric cell and what an
// event record carries; lib/contract/close-reason.ts has the same list, docs/errors.md explains
// each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::telemetry {

enum class CloseReason : std::uint8_t {
  Finished,         ///< Both sides ended their half in order.
  DownstreamReset,  ///< Who connected to us sent a reset.
  UpstreamReset,    ///< The endpoint sent a reset.
  DownstreamLost,   ///< Keepalive or unacknowledged data timed out, or no path, towards downstream.
  UpstreamLost,     ///< The same towards the endpoint.
  DownstreamGone,   ///< Downstream left before there was an upstream connection.
  IdleTimeout,      ///< No byte in either direction for the listener's idle timeout.
  ConnectRefused,   ///< Every attempt was refused; the last one is reported.
  ConnectTimeout,   ///< The last attempt got no answer in time.
  ConnectFailed,    ///< The last attempt failed in another way; errno says which.
  Loop,             ///< The original destination is this proxy.
  NoEndpoint,       ///< The cluster has no endpoint.
  ProxyProtocolError,  ///< A header of the PROXY protocol was missing, malformed or late.
  FailFast,            ///< The cluster has had no usable endpoint for its failFastAfter.
  TlsNoRoute,          ///< No route fits the names of the ClientHello.
  RequestInvalid,      ///< A request was malformed, or could be read in two ways.
  RequestTimeout,      ///< The head of a request did not come in time.
  ResponseInvalid,     ///< The same as of the request, of a response.
  NoRoute,             ///< No route fits the request.
  NoBackend,           ///< The route that fits has no backend.
  RateLimited,         ///< The rate limit of its route had no room for the request.
  LoadShed,            ///< The process' requestsMax was reached.
  FaultInjected,       ///< The route asks for a failure, as a test.
  ResponseTimeout,     ///< A timeout of its route passed before the response was whole.
  UpstreamClosed,      ///< The endpoint ended the connection before its response was whole.
  ClusterLimit,        ///< The cluster's connectionsMax was reached.
  PendingLimit,        ///< The cluster's pendingMax was reached.
  EndpointLimit,       ///< The endpointConnectionsMax of each endpoint that may be picked was.
  ListenerLimit,       ///< The listener's connectionsMax was reached.
  ConnectionLimit,     ///< The process' connectionsMax was reached.
  BufferLimit,         ///< The process' bufferedBytesMax was reached.
  ResourcesExhausted,  ///< The kernel gave no descriptor or memory for the upstream side.
  ListenerRemoved,     ///< A configuration without the listener, and its drain deadline passed.
  EndpointRemoved,     ///< The same for the endpoint.
  DrainDeadline,       ///< Still open when the drain deadline passed.
  Stopped,             ///< The engine was stopped.
};

inline constexpr std::size_t kCloseReasonCount = 36;

/// Index is the number of the reason.
inline constexpr std::array<std::string_view, kCloseReasonCount> kCloseReasonNames = {
    "finished",
    "downstream_reset",
    "upstream_reset",
    "downstream_lost",
    "upstream_lost",
    "downstream_gone",
    "idle_timeout",
    "connect_refused",
    "connect_timeout",
    "connect_failed",
    "loop",
    "no_endpoint",
    "proxy_protocol_error",
    "fail_fast",
    "tls_no_route",
    "request_invalid",
    "request_timeout",
    "response_invalid",
    "no_route",
    "no_backend",
    "rate_limited",
    "load_shed",
    "fault_injected",
    "response_timeout",
    "upstream_closed",
    "cluster_limit",
    "pending_limit",
    "endpoint_limit",
    "listener_limit",
    "connection_limit",
    "buffer_limit",
    "resources_exhausted",
    "listener_removed",
    "endpoint_removed",
    "drain_deadline",
    "stopped",
};

[[nodiscard]] constexpr std::string_view closeReasonName(CloseReason reason) noexcept {
  return kCloseReasonNames[static_cast<std::size_t>(reason)];
}

static_assert(static_cast<std::size_t>(CloseReason::Stopped) + 1 == kCloseReasonCount);

/// Why a side is gone: it has ended the connection itself, or the way to it was lost.
[[nodiscard]] CloseReason downstreamLoss(int sysErrno) noexcept;
[[nodiscard]] CloseReason upstreamLoss(int sysErrno) noexcept;

}  // namespace weft::telemetry
