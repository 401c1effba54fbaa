// Acceptor: one listening socket on one worker's loop. Accepts a few connections a turn and hands
// each to the worker with the fewest. When descriptors run out it pauses and resumes by itself.
// Owned by its worker.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/address.h"
#include "base/ids.h"
#include "os/loop.h"
#include "os/poller.h"
#include "os/sockets.h"
#include "telemetry/cells.h"
#include "telemetry/event.h"
#include "telemetry/event_sink.h"

namespace weft::engine {

class Worker;

/// How a worker reaches the others: decides which one takes an accepted connection.
class Router {
 public:
  /// The descriptor is the router's.
  virtual void route(base::ListenerId listener, os::Accepted accepted) noexcept = 0;

  /// After a batch: workers that were given something are woken.
  virtual void routed() noexcept = 0;

  /// Each of the others runs it, in order.
  virtual void postToOthers(const std::function<void(Worker&)>& task) = 0;

  /// False when one more connection would leave no descriptors for what is open.
  [[nodiscard]] virtual bool hasRoom() const noexcept = 0;

 protected:
  ~Router() = default;
};

class Acceptor final : public os::Pollable, private os::Timer {
 public:
  struct Parts {
    os::Loop& loop;
    os::Sockets& sockets;
    Router& router;
    telemetry::WorkerCells cells;
    telemetry::EventSink& events;
  };

  /// The descriptor is borrowed and outlives the acceptor.
  Acceptor(const Parts& parts, int fd, base::ListenerId listener) noexcept
      : parts_(parts), fd_(fd), listener_(listener) {}

  ~Acceptor();

  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  [[nodiscard]] base::Result<void> start() noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// The socket goes on under another listener of the configuration.
  void rename(base::ListenerId listener) noexcept { listener_ = listener; }

  /// Lets nobody new in, accepts everybody who is in, and calls back when nobody is half-way in any
  /// more, so that nobody is lost when the socket is closed next. The callback, at once or in a
  /// later turn, may destroy the acceptor; destroyed before, it lets go of the callback.
  void drain(std::function<void()> drained) noexcept;

 private:
  void onReady(os::Ready ready) noexcept override;
  void onTimer() noexcept override;

  enum class Once : std::uint8_t { Accepted, Skipped, Empty, Paused };

  void endDrain() noexcept;
  void acceptWaiting() noexcept;
  [[nodiscard]] Once acceptOne() noexcept;
  void pause(int sysErrno) noexcept;
  void resumed() noexcept;
  void emit(telemetry::EventKind kind, std::span<const std::uint64_t> numbers) noexcept;

  Parts parts_;
  const int fd_;
  base::ListenerId listener_;
  std::uint32_t quota_ =
      1;  ///< Grows while connections keep waiting, so that a lone one costs one call.
  bool paused_ = false;
  std::function<void()> drained_;  ///< Set while it drains.
};

}  // namespace weft::engine
