// Loop: one turn after another of a worker. A turn waits for readiness, reads the clock once, lets
// the ready act, lets those go on who used up their share of the last turn, fires timers, and frees
// what ended. Everything in it runs on the worker's thread and no call blocks.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "os/poller.h"
#include "os/timer_wheel.h"

namespace weft::os {

/// Work that wants another share of time in the next turn, whether or not its descriptor is ready
/// again.
class Continuation : public base::ListNode<Continuation> {
 public:
  virtual void onContinue() noexcept = 0;

 protected:
  ~Continuation() = default;
};

/// Something that ended within a turn while others may still hold its address in this turn.
class Retired : public base::ListNode<Retired> {
 public:
  /// Frees the object.
  virtual void dispose() noexcept = 0;

 protected:
  ~Retired() = default;
};

class Loop {
 public:
  Loop(Poller& poller, const base::Clock& clock)
      : poller_(poller), clock_(clock), now_(clock.now()), timers_(now_) {}

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  ~Loop() { disposeRetired(); }

  /// One turn. Sleeps until something is ready, a timer is due, or wake().
  void turn() noexcept;

  /// The time of this turn.
  [[nodiscard]] base::TimePoint now() const noexcept { return now_; }

  [[nodiscard]] std::uint64_t wallUs() const noexcept { return clock_.wallUs(); }

  /// A fresh reading, for the few intervals that are shorter than a turn.
  [[nodiscard]] base::TimePoint readClock() const noexcept { return clock_.now(); }

  [[nodiscard]] Poller& poller() noexcept { return poller_; }

  void arm(Timer& timer, base::Duration delay) noexcept { timers_.arm(timer, now_, delay); }

  void continueLater(Continuation& work) noexcept {
    if (!work.linked()) {
      continuations_.pushBack(work);
    }
  }

  void retire(Retired& object) noexcept { retired_.pushBack(object); }

  /// Frees what is retired. The end of a turn does it; so does an owner before the pools go.
  void disposeRetired() noexcept;

 private:
  void runContinuations() noexcept;

  Poller& poller_;
  const base::Clock& clock_;
  base::TimePoint now_;
  TimerWheel timers_;
  base::IntrusiveList<Continuation, Continuation> continuations_;
  base::IntrusiveList<Retired, Retired> retired_;
};

}  // namespace weft::os
