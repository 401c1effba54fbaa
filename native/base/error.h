// Error: a failure as a value. What went wrong, on which side, whether another try can help, and
// the errno behind it. 16 bytes, copied freely, no allocation; the text is static. Any thread.
#pragma once

#include <cstdint>

namespace weft::base {

enum class ErrorCode : std::uint8_t {
  Refused,          ///< The peer answered that nobody listens.
  Timeout,          ///< A deadline passed.
  Reset,            ///< The peer sent a reset.
  Lost,             ///< The peer stopped answering: keepalive, unacknowledged data, no path.
  Unreachable,      ///< There is no way to the address.
  Exhausted,        ///< No descriptor, no memory, no buffer of the kernel.
  Permission,       ///< The process may not do it.
  InUse,            ///< The address belongs to another socket.
  BadAddress,       ///< The address cannot be used here.
  ClusterLimit,     ///< The cluster has its maximum of connections.
  PendingLimit,     ///< The cluster has its maximum of connects under way.
  EndpointLimit,    ///< Every endpoint that may be picked has its maximum of connections.
  NoEndpoint,       ///< Nothing to connect to.
  FailFast,         ///< Nothing that is usable, for a while already.
  Unhealthy,        ///< It says itself that it cannot serve.
  InvalidArgument,  ///< A value from the caller makes no sense.
  System,           ///< Any other answer of the kernel; see sysErrno.
};

/// Which side of this proxy failed.
enum class Side : std::uint8_t { Downstream, Upstream, Internal };

/// Whether the same work may be tried again.
enum class Retry : std::uint8_t { Never, IfReused, Always };

struct Error {
  const char* text = "";  ///< Static storage.
  int sysErrno = 0;       ///< 0 when no system call is behind it.
  ErrorCode code = ErrorCode::System;
  Side side = Side::Internal;
  Retry retry = Retry::Never;
};

static_assert(sizeof(Error) == 16);

/// Classifies an errno of a socket call. `text` says what was attempted.
[[nodiscard]] Error errorFromErrno(int sysErrno, Side side, const char* text) noexcept;

/// 'refused', 'timeout', ...: for logs.
[[nodiscard]] const char* errorCodeName(ErrorCode code) noexcept;

}  // namespace weft::base
