// Clock: the monotonic time as an interface, so that tests and simulations move it by hand. A loop
// reads it once a turn; code in a turn asks the loop and not the clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace weft::base {

using Duration = std::chrono::microseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// Whole ones, for what people read.
[[nodiscard]] constexpr std::uint64_t wholeMilliseconds(Duration duration) noexcept {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

class Clock {
 public:
  virtual ~Clock() = default;

  /// Monotonic, from an arbitrary start. Any thread.
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;

  /// Microseconds since 1970, for records that people read.
  [[nodiscard]] virtual std::uint64_t wallUs() const noexcept = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  }

  [[nodiscard]] std::uint64_t wallUs() const noexcept override {
    const auto sinceEpoch = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<Duration>(sinceEpoch).count());
  }
};

}  // namespace weft::base
