// Drain: lets open connections of one worker and one direction finish until a deadline, then resets
// them. Owned by the worker, one for each direction.
#pragma once

#include <cstdint>
#include <functional>

#include "os/loop.h"
#include "proxy/connections.h"
#include "snapshot/listener.h"

namespace weft::proxy {

enum class DrainUntil : std::uint8_t {
  Empty,     ///< Or the deadline.
  Deadline,  ///< Connections are still coming in.
};

class Drain final : private os::Timer {
 public:
  /// How many connections the deadline reset.
  using Drained = std::function<void(std::uint32_t forcedCount)>;

  Drain(os::Loop& loop, Connections& connections, snapshot::Direction direction) noexcept
      : loop_(loop), connections_(connections), direction_(direction) {}

  /// Calls back when it is over. While one is under way a second call may make its deadline
  /// earlier; both are called back.
  void start(base::Duration deadline, DrainUntil until, Drained drained);

  /// The worker has stopped: calls back if somebody waits.
  void giveUp() noexcept;

  /// A connection has ended.
  void connectionEnded() noexcept;

  [[nodiscard]] bool active() const noexcept { return static_cast<bool>(drained_); }

 private:
  void onTimer() noexcept override;
  void finish(std::uint32_t forcedCount) noexcept;

  os::Loop& loop_;
  Connections& connections_;
  const snapshot::Direction direction_;
  Drained drained_;
  base::TimePoint deadline_{};
  DrainUntil until_ = DrainUntil::Empty;
};

}  // namespace weft::proxy
