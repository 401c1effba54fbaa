// How the failure of a connect is named when it ends a connection.
#pragma once

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
    case base::ErrorCode::Exhausted:
      return telemetry::CloseReason::ResourcesExhausted;
    default:
      return telemetry::CloseReason::ConnectFailed;
  }
}

}  // namespace weft::upstream
