// WaitQueue: the requests of one cluster in one worker that wait until a limit lets them have a
// connection: first come, first served. Owned by the cluster runtime.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/intrusive_list.h"
#include "os/loop.h"
#include "os/timer_wheel.h"

namespace weft::upstream {

/// Who waits. Leaves the queue when it is destroyed.
class Waiter : public base::ListNode<Waiter> {
 public:
  /// Its turn: it looks for a connection, and leaves the queue when it has one or gives up. False:
  /// there is none yet, and it keeps its place.
  [[nodiscard]] virtual bool onTurn() noexcept = 0;

 protected:
  ~Waiter() = default;
};

class WaitQueue final : private os::Timer, private os::Continuation {
 public:
  /// Told at intervals while somebody waits: other workers may hold what is wanted.
  class Owner {
   public:
    virtual void onStillWaiting() noexcept = 0;

   protected:
    ~Owner() = default;
  };

  WaitQueue(os::Loop& loop, Owner& owner) noexcept : loop_(loop), owner_(owner) {}

  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  ~WaitQueue() = default;

  /// Behind all others. `why`: which limit stood against it.
  void push(Waiter& waiter, const base::Error& why) noexcept;

  /// REQUIRES: it waits.
  void remove(Waiter& waiter) noexcept;

  /// In the next turn of the loop those at the front look again.
  void wake() noexcept {
    if (count_ > 0) {
      loop_.continueLater(*this);
    }
  }

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

  /// What the last one that came waits for. REQUIRES: somebody waits.
  [[nodiscard]] const base::Error& why() const noexcept { return why_; }

 private:
  void onTimer() noexcept override;

  void onContinue() noexcept override { serve(); }

  void serve() noexcept;

  os::Loop& loop_;
  Owner& owner_;
  base::IntrusiveList<Waiter, Waiter> waiters_;
  std::uint32_t count_ = 0;
  base::Error why_;
};

}  // namespace weft::upstream
