// What the failure of a connect says: how it is named when it ends a connection, and whether the
// endpoint is to blame.
#pragma once

#include <cerrno>

#include "base/error.h"
#include "telemetry/close_reason.h"

namespace weft::upstream {

[[nodiscard]] constexpr telemetry::CloseReason connectCloseReason(
    const base::Error& error) noexcept {
  switch (error.code) {
    case base::ErrorCode::Refused:
      return telemetry::CloseReason::ConnectRefused;
    case base::ErrorCode::Timeout:
    case base::ErrorCode::Lost:
      return telemetry::CloseReason::ConnectTimeout;
    case base::ErrorCode::NoEndpoint:
      return telemetry::CloseReason::NoEndpoint;
    case base::ErrorCode::FailFast:
      return telemetry::CloseReason::FailFast;
    case base::ErrorCode::ClusterLimit:
      return telemetry::CloseReason::ClusterLimit;
    case base::ErrorCode::PendingLimit:
      return telemetry::CloseReason::PendingLimit;
    case base::ErrorCode::EndpointLimit:
      return telemetry::CloseReason::EndpointLimit;
    case base::ErrorCode::Exhausted:
      return telemetry::CloseReason::ResourcesExhausted;
    default:
      return telemetry::CloseReason::ConnectFailed;
  }
}

/// What this machine lacks says nothing about the endpoint.
[[nodiscard]] constexpr bool endpointAtFault(const base::Error& error) noexcept {
  return error.code != base::ErrorCode::Exhausted && error.sysErrno != EADDRNOTAVAIL;
}

}  // namespace weft::upstream
