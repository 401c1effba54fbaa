// EventSink: where a worker's code puts events. The engine's goes into the ring; tests collect
// them.
#pragma once

#include "telemetry/event.h"

namespace weft::telemetry {

class EventSink {
 public:
  virtual ~EventSink() = default;

  /// Copies what it needs. May drop.
  virtual void emit(const Event& event) noexcept = 0;
};

}  // namespace weft::telemetry
