// TimerWheel: coarse timers of one loop. Arming, re-arming and cancelling cost the same however
// many timers there are, and never allocate. A timer is late by up to an eighth of its length (and
// at least a tick), never early. Seven levels of 64 slots; a tick is 4 ms; each level is eight
// times coarser than the one before it, and a timer stays in the slot that it was put in (as in the
// Linux kernel since 4.8).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/intrusive_list.h"

namespace weft::os {

class TimerWheel;

/// A point in time at which something is to happen. Dies cancelled. One thread.
class Timer : public base::ListNode<Timer> {
 public:
  virtual void onTimer() noexcept = 0;

  [[nodiscard]] bool armed() const noexcept { return linked(); }

  void cancel() noexcept { unlink(); }

 protected:
  ~Timer() = default;

 private:
  friend class TimerWheel;

  std::uint64_t expiryTick_ = 0;
};

class TimerWheel {
 public:
  static constexpr base::Duration kTick{4000};

  explicit TimerWheel(base::TimePoint start) noexcept : start_(start) {}

  /// Fires once, at or after `now + delay`. An armed timer is moved. Delays are capped at 18 hours.
  void arm(Timer& timer, base::TimePoint now, base::Duration delay) noexcept;

  /// Calls onTimer of everything due at `now`. A timer that is armed again meanwhile waits for the
  /// next call.
  void advance(base::TimePoint now) noexcept;

  /// Until when a loop may sleep; none when no timer is armed. May be earlier than necessary.
  [[nodiscard]] std::optional<base::TimePoint> nextDue() const noexcept;

 private:
  static constexpr std::uint32_t kLevels = 7;
  static constexpr std::uint32_t kSlotBits = 6;
  static constexpr std::uint32_t kSlots = 1U << kSlotBits;
  static constexpr std::uint32_t kLevelShift = 3;

  using Slot = base::IntrusiveList<Timer, Timer>;

  struct Level {
    std::uint64_t occupied = 0;  ///< Bit per slot that may hold timers.
    std::array<Slot, kSlots> slots;
  };

  [[nodiscard]] std::uint64_t tickOf(base::TimePoint time) const noexcept;
  void collect(Level& level, std::uint64_t fromIndex, std::uint64_t toIndex, Slot& due) noexcept;
  [[nodiscard]] std::uint64_t nextTick() noexcept;

  const base::TimePoint start_;
  std::uint64_t currentTick_ = 0;
  std::uint64_t nextTick_ = kNoTick;  ///< No timer fires before it.
  std::array<Level, kLevels> levels_;

  static constexpr std::uint64_t kNoTick = ~std::uint64_t{0};
};

}  // namespace weft::os
