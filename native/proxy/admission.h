// Admission: how many connections are open, and whether one more may be. Counts are shared by all
// workers, one atomic operation for each connection: a limit of 10 means 10, however the
// connections are spread.
#pragma once

#include <atomic>
#include <cstdint>

namespace weft::proxy {

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

  void leave() noexcept { now_.fetch_sub(1, std::memory_order_relaxed); }

  [[nodiscard]] std::uint32_t now() const noexcept { return now_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::uint32_t> now_{0};
};

}  // namespace weft::proxy
