// RingSink: events of one worker into its ring, with a wake-up of the reader. Written by the
// worker, drained by the control thread.
#pragma once

#include <cstdint>

#include "engine/engine.h"
#include "telemetry/cells.h"
#include "telemetry/event_ring.h"
#include "telemetry/event_sink.h"

namespace weft::engine {

class RingSink final : public telemetry::EventSink {
 public:
  RingSink(std::size_t ringBytes, std::uint32_t worker, telemetry::WorkerCells cells,
           EventListener& listener)
      : ring_(ringBytes), worker_(worker), cells_(cells), listener_(listener) {}

  void emit(const telemetry::Event& event) noexcept override {
    switch (ring_.push(event)) {
      case telemetry::EventRing::Push::Stored:
        return;
      case telemetry::EventRing::Push::StoredWakeReader:
        listener_.eventsReady(worker_);
        return;
      case telemetry::EventRing::Push::Dropped:
        cells_.add(telemetry::WorkerCell::EventsDropped);
        return;
    }
  }

  [[nodiscard]] std::size_t drain(base::MutableBytes out) noexcept { return ring_.drain(out); }

 private:
  telemetry::EventRing ring_;
  const std::uint32_t worker_;
  telemetry::WorkerCells cells_;
  EventListener& listener_;
};

}  // namespace weft::engine
