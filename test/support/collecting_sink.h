// CollectingSink: keeps what is emitted, decoded from the bytes that would have gone into the ring.
#pragma once

#include <array>
#include <vector>

#include "support/decoded_event.h"
#include "telemetry/event_sink.h"

namespace weft::test {

class CollectingSink final : public telemetry::EventSink {
 public:
  void emit(const telemetry::Event& event) noexcept override {
    std::array<std::byte, telemetry::kEventBytesMax> bytes{};
    const std::size_t size = telemetry::encodeEvent(event, bytes);
    events_.push_back(telemetry::decodeEvent(std::span(bytes).first(size)));
  }

  [[nodiscard]] const std::vector<telemetry::DecodedEvent>& events() const noexcept {
    return events_;
  }

  /// Those of one kind, oldest first.
  [[nodiscard]] std::vector<telemetry::DecodedEvent> of(telemetry::EventKind kind) const {
    std::vector<telemetry::DecodedEvent> found;
    for (const telemetry::DecodedEvent& event : events_) {
      if (event.kind == static_cast<std::uint8_t>(kind)) {
        found.push_back(event);
      }
    }
    return found;
  }

 private:
  std::vector<telemetry::DecodedEvent> events_;
};

}  // namespace weft::test
