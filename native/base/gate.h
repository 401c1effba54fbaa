// Gate: how many are inside, and whether one more may be. The count is shared by all workers, one
// atomic operation for each that comes: a limit of 10 means 10, however they are spread.
#pragma once

#include <atomic>
#include <cstdint>

namespace weft::base {

/// A bounded count. Any thread.
class Gate {
 public:
  /// False, and nothing is counted, when `max` are inside.
  [[nodiscard]] bool enter(std::uint32_t max) noexcept {
    if (now_.fetch_add(1, std::memory_order_relaxed) < max) {
      return true;
    }
    now_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }

  /// Counts those who came before they were asked: there may be more inside than any maximum.
  void admit(std::uint32_t count) noexcept { now_.fetch_add(count, std::memory_order_relaxed); }

  void leave(std::uint32_t count = 1) noexcept { now_.fetch_sub(count, std::memory_order_relaxed); }

  [[nodiscard]] std::uint32_t now() const noexcept { return now_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::uint32_t> now_{0};
};

}  // namespace weft::base
