// EventRing: a bounded ring of whole records with one writer (the worker) and one reader (the
// JavaScript thread). A full ring costs events, never traffic: what does not fit is dropped, and
// the caller counts it. Lock free.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "telemetry/event.h"

namespace weft::telemetry {

class EventRing {
 public:
  /// REQUIRES: a power of two, at least 2 * kEventBytesMax. Memory is touched only as it is used.
  explicit EventRing(std::size_t bytes);

  EventRing(const EventRing&) = delete;
  EventRing& operator=(const EventRing&) = delete;

  enum class Push : std::uint8_t {
    Stored,            ///< The reader knows already that there is something.
    StoredWakeReader,  ///< The ring was empty for the reader: wake it.
    Dropped,
  };

  /// Writer only.
  [[nodiscard]] Push push(const Event& event) noexcept;

  /// Reader only. Moves whole records into `out`, as many as fit, and returns the bytes written; 0
  /// when empty, and then the next push asks for a wake-up again. REQUIRES: out.size() >=
  /// kEventBytesMax.
  [[nodiscard]] std::size_t drain(base::MutableBytes out) noexcept;

 private:
  [[nodiscard]] std::size_t wholeRecords(std::uint64_t from, std::size_t stored,
                                         std::size_t room) const noexcept;

  std::unique_ptr<std::byte[]> memory_;
  base::MutableBytes ring_;
  // Positions only grow; the place in the ring is the remainder. Each side writes its own cache
  // line.
  alignas(64) std::atomic<std::uint64_t> written_{0};
  alignas(64) std::atomic<std::uint64_t> read_{0};
  alignas(64) std::atomic<bool> readerAwake_{false};
};

}  // namespace weft::telemetry
