#include "upstream/endpoint_events.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "telemetry/close_reason.h"
#include "telemetry/event.h"
#include "upstream/connect_close_reason.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"

namespace weft::upstream {

namespace {

void emit(Context& context, telemetry::EventKind kind, const Endpoint& endpoint,
          std::span<const std::uint64_t> numbers) {
  const std::string address = endpoint.address.toString();
  const std::array<std::string_view, 1> fields = {address};
  context.events.emit(
      {.kind = kind, .wallUs = context.loop.wallUs(), .numbers = numbers, .fields = fields});
}

}  // namespace

void tellUnavailable(Context& context, base::ClusterId cluster, const Endpoint& endpoint,
                     const FailureCause& cause, base::Duration again) {
  const bool closedEarly = cause.cause == telemetry::UnavailableCause::EarlyCloses;
  const std::array<std::uint64_t, 6> numbers = {
      cluster.number,
      endpoint.id.number,
      static_cast<std::uint64_t>(cause.error.sysErrno),
      static_cast<std::uint64_t>(closedEarly ? telemetry::CloseReason::UpstreamReset
                                             : connectCloseReason(cause.error)),
      base::wholeMilliseconds(again),
      static_cast<std::uint64_t>(cause.cause)};
  emit(context, telemetry::EventKind::EndpointUnavailable, endpoint, numbers);
}

void tellAvailable(Context& context, base::ClusterId cluster, const Endpoint& endpoint,
                   telemetry::UnavailableCause cause) {
  const std::array<std::uint64_t, 3> numbers = {cluster.number, endpoint.id.number,
                                                static_cast<std::uint64_t>(cause)};
  emit(context, telemetry::EventKind::EndpointAvailable, endpoint, numbers);
}

}  // namespace weft::upstream
