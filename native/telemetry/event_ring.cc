#include "telemetry/event_ring.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/unsafe.h"
#include "telemetry/event.h"

namespace weft::telemetry {

namespace {

// Records are written at multiples of eight, so that no length is ever split by the end of the
// ring.
constexpr std::size_t kAlignment = 8;

void copyIn(base::MutableBytes ring, std::uint64_t position, base::Bytes bytes) noexcept {
  const std::size_t place = position & (ring.size() - 1);
  const std::size_t first = std::min(bytes.size(), ring.size() - place);
  std::ranges::copy(bytes.first(first), ring.subspan(place).begin());
  std::ranges::copy(bytes.subspan(first), ring.begin());
}

void copyOut(base::Bytes ring, std::uint64_t position, base::MutableBytes bytes) noexcept {
  const std::size_t place = position & (ring.size() - 1);
  const std::size_t first = std::min(bytes.size(), ring.size() - place);
  std::ranges::copy(ring.subspan(place, first), bytes.begin());
  std::ranges::copy(ring.first(bytes.size() - first), bytes.subspan(first).begin());
}

}  // namespace

EventRing::EventRing(std::size_t bytes)
    : memory_(std::make_unique_for_overwrite<std::byte[]>(bytes)) {
  WEFT_CHECK(std::has_single_bit(bytes) && bytes >= 2 * kEventBytesMax);
  WEFT_UNSAFE_BEGIN("the array was allocated with this length above")
  ring_ = base::MutableBytes(memory_.get(), bytes);
  WEFT_UNSAFE_END
}

EventRing::Push EventRing::push(const Event& event) noexcept {
  std::array<std::byte, kEventBytesMax> record;
  const std::size_t size = encodeEvent(event, record);
  const std::uint64_t written = written_.load(std::memory_order_relaxed);
  const std::uint64_t used = written - read_.load(std::memory_order_acquire);
  if (size > ring_.size() - used) {
    return Push::Dropped;
  }
  copyIn(ring_, written, std::span(record).first(size));
  // Sequentially consistent with the reader's "asleep, then look again": one of the two sees the
  // other.
  written_.store(written + size, std::memory_order_seq_cst);
  return readerAwake_.exchange(true, std::memory_order_seq_cst) ? Push::Stored
                                                                : Push::StoredWakeReader;
}

std::size_t EventRing::drain(base::MutableBytes out) noexcept {
  WEFT_CHECK(out.size() >= kEventBytesMax);
  const std::uint64_t from = read_.load(std::memory_order_relaxed);
  std::uint64_t written = written_.load(std::memory_order_acquire);
  if (written == from) {
    readerAwake_.store(false, std::memory_order_seq_cst);
    written = written_.load(std::memory_order_seq_cst);
    if (written == from) {
      return 0;
    }
    readerAwake_.store(true, std::memory_order_seq_cst);
  }
  const std::size_t size = wholeRecords(from, written - from, out.size());
  copyOut(ring_, from, out.first(size));
  read_.store(from + size, std::memory_order_release);
  return size;
}

std::size_t EventRing::wholeRecords(std::uint64_t from, std::size_t stored,
                                    std::size_t room) const noexcept {
  if (stored <= room) {
    return stored;
  }
  std::size_t size = 0;
  while (true) {
    std::array<std::byte, sizeof(std::uint16_t)> length;
    copyOut(ring_, from + size, length);
    const std::size_t next = std::bit_cast<std::uint16_t>(length);
    WEFT_CHECK(next != 0 && next % kAlignment == 0);
    if (size + next > room) {
      return size;
    }
    size += next;
  }
}

}  // namespace weft::telemetry
