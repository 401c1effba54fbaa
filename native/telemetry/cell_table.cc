#include "telemetry/cell_table.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.h"
#include "telemetry/cells.h"

namespace weft::telemetry {

namespace {

constexpr std::array<std::size_t, kRunKindCount> kRunCellCounts = {0,
                                                                   ListenerTcpCell::kCount,
                                                                   EndpointTcpCell::kCount,
                                                                   CloseErrnoCell::kCount,
                                                                   ClusterCell::kCount,
                                                                   HttpRequestCell::kCount,
                                                                   HttpResponseCell::kCount};

constexpr std::size_t indexOf(RunKind kind) noexcept {
  return static_cast<std::size_t>(kind);
}

bool inUse(std::uint32_t generation) noexcept {
  return generation % 2 == 1;
}

// The reader takes a slot for whole when its generation was the same odd number before and after.
// So what a slot says changes only between two fences while the generation is even.

template <typename Number>
void write(Number& place, Number value) noexcept {
  std::atomic_ref<Number>(place).store(value, std::memory_order_relaxed);
}

void publishSlot(DirectorySlot& slot) noexcept {
  std::atomic_ref<std::uint32_t>(slot.generation)
      .store(slot.generation + 1, std::memory_order_release);
}

void retractSlot(DirectorySlot& slot) noexcept {
  write(slot.generation, slot.generation + 1);
  std::atomic_thread_fence(std::memory_order_release);
}

}  // namespace

std::size_t runCellCount(RunKind kind) noexcept {
  return kRunCellCounts[indexOf(kind)];
}

std::size_t RunKeyHash::operator()(const RunKey& key) const noexcept {
  std::uint64_t hash = static_cast<std::uint64_t>(key.kind) + 1;
  for (const std::uint32_t id : key.ids) {
    hash = (hash ^ id) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 32U;
  }
  return static_cast<std::size_t>(hash);
}

std::size_t CellTable::cellCountMin() noexcept {
  std::size_t count = kWorkerCellCount;
  for (const std::size_t cells : kRunCellCounts) {
    count += cells;
  }
  return count;
}

CellTable::CellTable(std::span<std::uint64_t> cells, std::span<DirectorySlot> directory)
    : cells_(cells), directory_(directory), cellsUsed_(kWorkerCellCount) {
  WEFT_CHECK(cells.size() >= cellCountMin() && cells.size() <= UINT32_MAX);
  WEFT_CHECK(directory.size() >= kRunKindCount && directory.size() <= UINT32_MAX);
  worker_ = WorkerCells(Cells(cells.first(kWorkerCellCount)));
  for (std::size_t kind = 0; kind < kRunKindCount; ++kind) {
    Place& place = overflow_[kind];
    WEFT_CHECK(take(static_cast<RunKind>(kind), place));
    announce(RunKey{.kind = RunKind::Overflow, .ids = {static_cast<std::uint32_t>(kind)}}, place);
  }
}

Cells CellTable::run(const RunKey& key) {
  Recent& recent = recentOf(key);
  if (recent.key == key) {
    return cellsOf(recent.place);
  }
  const auto known = places_.find(key);
  if (known != places_.end()) {
    recent = {.key = key, .place = known->second};
    return cellsOf(known->second);
  }
  Place place{};
  if (!take(key.kind, place)) {
    worker_.add(WorkerCell::RunsOverflowed);
    return cellsOf(overflow_[indexOf(key.kind)]);
  }
  announce(key, place);
  places_.emplace(key, place);
  return cellsOf(place);
}

bool CellTable::release(std::uint32_t slot, std::uint32_t generation) {
  if (slot < kRunKindCount || slot >= slotsUsed_) {
    return false;
  }
  DirectorySlot& entry = directory_[slot];
  if (entry.generation != generation || !inUse(generation)) {
    return false;
  }
  const RunKey key = keyOf(slot);
  retractSlot(entry);
  freeFirstCells_[indexOf(key.kind)].push_back(entry.firstCell);
  freeSlots_.push_back(slot);
  places_.erase(key);
  if (Recent& recent = recentOf(key); recent.key == key) {
    recent = {};
  }
  return true;
}

RunKey CellTable::keyOf(std::uint32_t slot) const {
  if (slot < kRunKindCount || slot >= slotsUsed_ || !inUse(directory_[slot].generation)) {
    return RunKey{};
  }
  const DirectorySlot& entry = directory_[slot];
  return RunKey{.kind = static_cast<RunKind>(entry.kind), .ids = entry.ids};
}

/// Small primes keep apart what differs in one id.
CellTable::Recent& CellTable::recentOf(const RunKey& key) noexcept {
  const auto& ids = key.ids;
  const std::uint32_t mixed = static_cast<std::uint32_t>(key.kind) * 13U + ids[0] * 31U +
                              ids[1] * 11U + ids[2] * 7U + ids[3] + ids[4] * 5U;
  return recent_[mixed % kRecentCount];
}

Cells CellTable::cellsOf(const Place& place) const noexcept {
  return Cells(cells_.subspan(place.firstCell, place.cellCount));
}

bool CellTable::take(RunKind kind, Place& place) {
  const std::uint32_t count = static_cast<std::uint32_t>(runCellCount(kind));
  std::vector<std::uint32_t>& freeFirstCells = freeFirstCells_[indexOf(kind)];
  const bool slotLeft = !freeSlots_.empty() || slotsUsed_ < directory_.size();
  const bool cellsLeft = !freeFirstCells.empty() || count <= cells_.size() - cellsUsed_;
  if (!slotLeft || !cellsLeft) {
    return false;
  }
  place.cellCount = count;
  if (freeSlots_.empty()) {
    place.slot = slotsUsed_++;
  } else {
    place.slot = freeSlots_.back();
    freeSlots_.pop_back();
  }
  if (freeFirstCells.empty()) {
    place.firstCell = cellsUsed_;
    cellsUsed_ += count;
  } else {
    place.firstCell = freeFirstCells.back();
    freeFirstCells.pop_back();
  }
  return true;
}

void CellTable::announce(const RunKey& key, const Place& place) {
  Cells cells = cellsOf(place);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells.set(i, 0);
  }
  DirectorySlot& slot = directory_[place.slot];
  write(slot.kind, static_cast<std::uint16_t>(key.kind));
  write(slot.cellCount, static_cast<std::uint16_t>(place.cellCount));
  write(slot.firstCell, place.firstCell);
  for (std::size_t i = 0; i < key.ids.size(); ++i) {
    write(slot.ids[i], key.ids[i]);
  }
  write(slot.textLength, std::uint16_t{0});
  publishSlot(slot);
}

}  // namespace weft::telemetry
