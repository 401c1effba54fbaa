// RetryBudget: how many requests may be tried again: a share of those that came in the last ten
// seconds, and some of them in any case, so that trying again does not become most of the load when
// everything fails. One cluster in one worker.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace weft::upstream {

class RetryBudget {
 public:
  struct Settings {
    std::uint32_t sharePercent = 20;
    std::uint32_t perSecondMin = 10;  ///< In this worker.
  };

  /// A request came that might be tried again.
  void countRequest(base::TimePoint now) noexcept { slotAt(now).requests += 1; }

  /// False: there is no budget for another one; then nothing is counted.
  [[nodiscard]] bool takeRetry(base::TimePoint now, const Settings& settings) noexcept {
    Slot& slot = slotAt(now);
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
    for (const Slot& one : slots_) {
      if (slot.second - one.second < static_cast<std::int64_t>(slots_.size())) {
        requests += one.requests;
        retries += one.retries;
      }
    }
    const std::uint64_t allowed =
        requests * settings.sharePercent / 100 + slots_.size() * settings.perSecondMin;
    if (retries >= allowed) {
      return false;
    }
    slot.retries += 1;
    return true;
  }

 private:
  struct Slot {
    std::int64_t second = INT64_MIN / 2;
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
  };

  [[nodiscard]] Slot& slotAt(base::TimePoint now) noexcept {
    const std::int64_t second =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    Slot& slot = slots_[static_cast<std::size_t>(second) % slots_.size()];
    if (slot.second != second) {
      slot = {.second = second};
    }
    return slot;
  }

  std::array<Slot, 10> slots_{};
};

}  // namespace weft::upstream
