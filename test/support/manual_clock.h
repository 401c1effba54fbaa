// ManualClock: time that moves only when a test says so.
#pragma once

#include "base/clock.h"

namespace weft::test {

class ManualClock final : public base::Clock {
 public:
  [[nodiscard]] base::TimePoint now() const noexcept override { return now_; }

  [[nodiscard]] std::uint64_t wallUs() const noexcept override {
    return kWallStartUs + static_cast<std::uint64_t>((now_ - kStart).count());
  }

  void advance(base::Duration by) noexcept { now_ += by; }

  void advanceTo(base::TimePoint time) noexcept { now_ = time > now_ ? time : now_; }

 private:
  static constexpr base::TimePoint kStart{std::chrono::hours(1)};
  static constexpr std::uint64_t kWallStartUs = 1'700'000'000'000'000;

  base::TimePoint now_ = kStart;
};

}  // namespace weft::test
