#include "os/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace weft::os {

namespace {

constexpr base::Duration kDelayMax = std::chrono::hours(18);

}  // namespace

std::uint64_t TimerWheel::tickOf(base::TimePoint time) const noexcept {
  return time <= start_ ? 0 : static_cast<std::uint64_t>((time - start_) / kTick);
}

void TimerWheel::arm(Timer& timer, base::TimePoint now, base::Duration delay) noexcept {
  timer.unlink();
  const base::Duration bounded = std::clamp(delay, base::Duration::zero(), kDelayMax);
  // Two roundings up: the delay to whole ticks, and the part of a tick that has passed already.
  const std::uint64_t wanted = std::max(tickOf(now + bounded) + 1, currentTick_ + 1);
  std::uint32_t level = 0;
  const std::uint64_t distance = wanted - currentTick_;
  while (level + 1 < kLevels && (distance >> (level * kLevelShift)) >= kSlots - 1) {
    ++level;
  }
  const std::uint32_t shift = level * kLevelShift;
  const std::uint64_t index = (wanted + (std::uint64_t{1} << shift) - 1) >> shift;
  timer.expiryTick_ = index << shift;
  const std::uint64_t slot = index & (kSlots - 1);
  levels_[level].slots[slot].pushBack(timer);
  levels_[level].occupied |= std::uint64_t{1} << slot;
  nextTick_ = std::min(nextTick_, timer.expiryTick_);
}

/// Moves the slots of indexes (fromIndex, toIndex] into `due`.
void TimerWheel::collect(Level& level, std::uint64_t fromIndex, std::uint64_t toIndex,
                         Slot& due) noexcept {
  const std::uint64_t count = std::min<std::uint64_t>(toIndex - fromIndex, kSlots);
  for (std::uint64_t i = 1; i <= count && level.occupied != 0; ++i) {
    const std::uint64_t slot = (fromIndex + i) & (kSlots - 1);
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if ((level.occupied & bit) != 0) {
      due.takeAll(level.slots[slot]);
      level.occupied &= ~bit;
    }
  }
}

void TimerWheel::advance(base::TimePoint now) noexcept {
  const std::uint64_t tick = tickOf(now);
  if (tick <= currentTick_) {
    return;
  }
  if (tick < nextTick_) {
    // Every timer lies beyond `tick`, so no occupied slot is passed by.
    currentTick_ = tick;
    return;
  }
  Slot due;
  for (std::uint32_t level = 0; level < kLevels; ++level) {
    const std::uint32_t shift = level * kLevelShift;
    collect(levels_[level], currentTick_ >> shift, tick >> shift, due);
  }
  currentTick_ = tick;
  nextTick_ = nextTick();
  while (Timer* timer = due.popFront()) {
    timer->onTimer();
  }
}

/// The earliest expiry of an occupied slot; empties are forgotten on the way.
std::uint64_t TimerWheel::nextTick() noexcept {
  std::uint64_t next = kNoTick;
  for (std::uint32_t level = 0; level < kLevels; ++level) {
    const std::uint32_t shift = level * kLevelShift;
    const std::uint64_t base = currentTick_ >> shift;
    Level& wheel = levels_[level];
    while (wheel.occupied != 0) {
      const int first = static_cast<int>((base + 1) & (kSlots - 1));
      const auto ahead =
          static_cast<std::uint64_t>(std::countr_zero(std::rotr(wheel.occupied, first)));
      const std::uint64_t index = base + 1 + ahead;
      const std::uint64_t slot = index & (kSlots - 1);
      if (!wheel.slots[slot].empty()) {
        next = std::min(next, index << shift);
        break;
      }
      wheel.occupied &= ~(std::uint64_t{1} << slot);
    }
  }
  return next;
}

std::optional<base::TimePoint> TimerWheel::nextDue() const noexcept {
  if (nextTick_ == kNoTick) {
    return std::nullopt;
  }
  return start_ + kTick * static_cast<std::int64_t>(nextTick_);
}

}  // namespace weft::os
