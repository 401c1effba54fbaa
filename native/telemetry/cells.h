// Cells: 64-bit counters in a slab that one worker writes and TypeScript reads as an ArrayBuffer.
// Reserved at start, touched lazily by the kernel. Writers use plain relaxed stores: there is only
// one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/assert.h"

namespace weft::telemetry {

/// The cells at the beginning of each slab; same order as workerCells in lib/contract/metrics.ts.
enum class WorkerCell : std::uint8_t {
  LoopTurns,
  Accepted,
  AcceptPauses,
  AcceptPausedNow,
  HandedOver,
  ConnectionsNow,
  BufferedBytesNow,
  EventsDropped,
  RunsOverflowed,
  SplicePromotions,
  SpliceDemotions,
  PipesNow,
  PipesDenied,
  AppliedRevision,
  ConnectAttempts,
  ConnectRetries,
  PollerChanges,
  DrainingNow,
};

inline constexpr std::size_t kWorkerCellCount = 18;

inline constexpr std::array<std::string_view, kWorkerCellCount> kWorkerCellNames = {
    "loopTurns",       "accepted",         "acceptPauses",  "acceptPausedNow", "handedOver",
    "connectionsNow",  "bufferedBytesNow", "eventsDropped", "runsOverflowed",  "splicePromotions",
    "spliceDemotions", "pipesNow",         "pipesDenied",   "appliedRevision", "connectAttempts",
    "connectRetries",  "pollerChanges",    "drainingNow",
};

/// A view of consecutive cells. Copied freely; the slab outlives it. Written by the owning worker
/// only.
class Cells {
 public:
  Cells() = default;

  explicit Cells(std::span<std::uint64_t> cells) noexcept : cells_(cells) {}

  void add(std::size_t index, std::uint64_t amount) noexcept {
    std::atomic_ref<std::uint64_t> cell(cells_[index]);
    cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  void subtract(std::size_t index, std::uint64_t amount) noexcept { add(index, 0 - amount); }

  void set(std::size_t index, std::uint64_t value) noexcept {
    std::atomic_ref<std::uint64_t>(cells_[index]).store(value, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t get(std::size_t index) const noexcept {
    return std::atomic_ref<std::uint64_t>(cells_[index]).load(std::memory_order_relaxed);
  }

  [[nodiscard]] std::size_t size() const noexcept { return cells_.size(); }

  [[nodiscard]] Cells sub(std::size_t first, std::size_t count) const noexcept {
    return Cells(cells_.subspan(first, count));
  }

 private:
  std::span<std::uint64_t> cells_;
};

/// The fixed cells of one worker.
class WorkerCells {
 public:
  WorkerCells() = default;

  explicit WorkerCells(Cells cells) noexcept : cells_(cells) {
    WEFT_CHECK(cells.size() == kWorkerCellCount);
  }

  void add(WorkerCell cell, std::uint64_t amount = 1) noexcept {
    cells_.add(static_cast<std::size_t>(cell), amount);
  }

  void subtract(WorkerCell cell, std::uint64_t amount = 1) noexcept {
    cells_.subtract(static_cast<std::size_t>(cell), amount);
  }

  void set(WorkerCell cell, std::uint64_t value) noexcept {
    cells_.set(static_cast<std::size_t>(cell), value);
  }

  [[nodiscard]] std::uint64_t get(WorkerCell cell) const noexcept {
    return cells_.get(static_cast<std::size_t>(cell));
  }

 private:
  Cells cells_;
};

static_assert(static_cast<std::size_t>(WorkerCell::DrainingNow) + 1 == kWorkerCellCount);

}  // namespace weft::telemetry
