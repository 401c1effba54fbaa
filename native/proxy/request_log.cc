#include "proxy/request_log.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_forward.h"
#include "codec/http_text.h"
#include "telemetry/event.h"
#include "telemetry/event_sink.h"

namespace weft::proxy {

namespace {

/// Of one field: a record has 4 KiB, and a path should not push the rest out.
constexpr std::size_t kTextBytesMax = 1024;

/// Of `00-<trace id>-<parent id>-<flags>` (W3C Trace Context 3.2.2).
constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kTraceIdBytes = 32;

std::string_view traceIdOf(std::string_view traceparent) noexcept {
  return traceparent.size() > kTraceIdAt + kTraceIdBytes
             ? traceparent.substr(kTraceIdAt, kTraceIdBytes)
             : std::string_view();
}

}  // namespace

void RequestLog::beginUnknown(base::TimePoint now) {
  for (std::string& text : texts_) {
    text.clear();
  }
  route_ = {};
  cluster_ = {};
  endpoint_ = {};
  startedAt_ = now;
  requestBytes_ = 0;
  responseBytes_ = 0;
  status_ = 0;
  begun_ = true;
}

void RequestLog::begin(const codec::H1Request& request, std::string_view authority,
                       std::string_view idHeader, base::TimePoint now) {
  beginUnknown(now);
  set(Method, std::string(request.head.method.in(request.held)));
  set(Host, std::string(authority));
  set(Path, std::string(request.target.path.substr(0, kTextBytesMax)));
  const codec::H1Fields fields = request.head.fieldsIn(request.held);
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const std::string_view name = fields.name(index);
    const std::string_view value = fields.value(index).substr(0, kTextBytesMax);
    if (codec::equalsLower(name, "traceparent")) {
      set(TraceId, std::string(traceIdOf(value)));
    } else if (codec::equalsLower(name, "user-agent")) {
      set(UserAgent, std::string(value));
    } else if (codec::equalsLower(name, idHeader)) {
      set(RequestId, std::string(value));
    }
  }
}

void RequestLog::end(telemetry::EventSink& events, const RequestEnding& ending) noexcept {
  if (!std::exchange(begun_, false)) {
    return;
  }
  const auto durationUs = static_cast<std::uint64_t>((ending.now - startedAt_).count());
  const std::array<std::uint64_t, 12> numbers = {ending.connection.number,
                                                 ending.listener.number,
                                                 cluster_.number,
                                                 endpoint_.number,
                                                 route_.number,
                                                 status_,
                                                 static_cast<std::uint64_t>(ending.reason),
                                                 durationUs,
                                                 requestBytes_,
                                                 responseBytes_,
                                                 ending.attemptCount,
                                                 ending.retryCount};
  const std::array<std::string_view, kFieldCount + 1> fields = {
      texts_[Method],    texts_[Host],      texts_[TraceId],
      texts_[RequestId], texts_[UserAgent], ending.downstreamAddress,
      texts_[Upstream],  texts_[Path]};
  events.emit({.kind = telemetry::EventKind::RequestEnded,
               .wallUs = ending.wallUs,
               .numbers = numbers,
               .fields = fields});
}

}  // namespace weft::proxy
