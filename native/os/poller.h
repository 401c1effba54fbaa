// Poller: who tells a loop that a descriptor is ready. A descriptor is registered once,
// edge-triggered, and changed only to add writability; closing it ends the registration. One
// thread, except wake().
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/result.h"

namespace weft::os {

/// A set of bits.
struct Ready {
  static constexpr std::uint8_t kReadable = 1;
  static constexpr std::uint8_t kWritable = 2;
  static constexpr std::uint8_t kReadHangup = 4;  ///< The peer has sent FIN.
  static constexpr std::uint8_t kFailed = 8;      ///< Reset, error, or both halves closed.
  static constexpr std::uint8_t kUrgent = 16;     ///< TCP urgent data is or was in the stream.

  std::uint8_t bits = 0;

  [[nodiscard]] bool has(std::uint8_t bit) const noexcept { return (bits & bit) != 0; }
};

enum class Interest : std::uint8_t {
  Read,       ///< Edge-triggered.
  ReadWrite,  ///< Edge-triggered.
  Accept,     ///< Level-triggered: what is not accepted in this turn is told again in the next.
  Paused,     ///< Registered, but told nothing.
};

/// Told about readiness. What it is told is a hint: the event may be older than the last call on
/// the descriptor.
class Pollable {
 public:
  virtual void onReady(Ready ready) noexcept = 0;

 protected:
  ~Pollable() = default;
};

struct Readiness {
  Pollable* pollable = nullptr;
  Ready ready;
};

class Poller {
 public:
  virtual ~Poller() = default;

  /// Fails when the kernel has no memory or watch left. The pollable lives as long as the
  /// descriptor is open and until the end of the turn in which it is closed.
  [[nodiscard]] virtual base::Result<void> add(int fd, Interest interest, Pollable& pollable) = 0;
  virtual void modify(int fd, Interest interest, Pollable& pollable) noexcept = 0;

  /// Ends a registration whose descriptor stays open.
  virtual void remove(int fd) noexcept = 0;

  /// Waits until something is ready, until wake(), or until `deadline` (none: for ever; one that
  /// has passed: not at all). Valid until the next wait.
  [[nodiscard]] virtual std::span<const Readiness> wait(
      base::TimePoint now, std::optional<base::TimePoint> deadline) noexcept = 0;

  /// Makes a present or the next wait return. Any thread.
  virtual void wake() noexcept = 0;

  /// How often a registration was made or changed.
  [[nodiscard]] virtual std::uint64_t changeCount() const noexcept = 0;
};

}  // namespace weft::os
