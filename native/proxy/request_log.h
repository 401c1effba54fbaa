// RequestLog: what the access log says about the request that a connection is at: remembered from
// its head, counted on the way, reported once when it ends. Only where the listener wants it. Owned
// by a session; one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/ids.h"
#include "codec/h1_forward.h"
#include "telemetry/close_reason.h"
#include "telemetry/event_sink.h"

namespace weft::proxy {

/// What is only known when it ends.
struct RequestEnding {
  std::uint64_t wallUs = 0;
  base::TimePoint now{};
  base::ConnectionId connection{};
  base::ListenerId listener{};
  telemetry::CloseReason reason = telemetry::CloseReason::Finished;
  std::uint32_t attemptCount = 0;
  std::uint32_t retryCount = 0;
  std::string_view downstreamAddress;
};

class RequestLog {
 public:
  /// A request has come. `idHeader`: where its id is, in lower case.
  void begin(const codec::H1Request& request, std::string_view authority, std::string_view idHeader,
             base::TimePoint now);

  /// One that is refused before anything is known about it.
  void beginUnknown(base::TimePoint now);

  void setRoute(base::RouteId route) noexcept { route_ = route; }

  void setCluster(base::ClusterId cluster) noexcept { cluster_ = cluster; }

  /// The one that answers, and where it is.
  void setEndpoint(base::EndpointId endpoint, std::string address) {
    endpoint_ = endpoint;
    set(Upstream, std::move(address));
  }

  /// One that the proxy has given out.
  void setRequestId(std::string_view id) { set(RequestId, std::string(id)); }

  void addRequestBytes(std::size_t count) noexcept { requestBytes_ += count; }

  void addResponseBytes(std::size_t count) noexcept { responseBytes_ += count; }

  /// Of the response that the client gets.
  void setStatus(std::uint16_t status) noexcept { status_ = status; }

  /// Reports it, if one has begun.
  void end(telemetry::EventSink& events, const RequestEnding& ending) noexcept;

 private:
  enum Field : std::uint8_t {
    Method,
    Host,
    Path,
    TraceId,
    RequestId,
    UserAgent,
    Upstream,
    kFieldCount
  };

  void set(Field field, std::string value) { texts_.at(field) = std::move(value); }

  std::array<std::string, kFieldCount> texts_;
  base::RouteId route_{};
  base::ClusterId cluster_{};
  base::EndpointId endpoint_{};
  base::TimePoint startedAt_{};
  std::uint64_t requestBytes_ = 0;
  std::uint64_t responseBytes_ = 0;
  std::uint16_t status_ = 0;
  bool begun_ = false;
};

}  // namespace weft::proxy
