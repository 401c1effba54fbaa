#include "upstream/wait_queue.h"

#include <chrono>

#include "base/clock.h"
#include "base/error.h"
#include "base/intrusive_list.h"
#include "os/loop.h"
#include "os/timer_wheel.h"

namespace weft::upstream {

namespace {

/// Connections of other workers come free without a word.
constexpr base::Duration kLookEvery = std::chrono::milliseconds(10);

}  // namespace

void WaitQueue::push(Waiter& waiter, const base::Error& why) noexcept {
  waiters_.pushBack(waiter);
  ++count_;
  why_ = why;
  if (!os::Timer::armed()) {
    loop_.arm(*this, kLookEvery);
    owner_.onStillWaiting();
  }
}

void WaitQueue::remove(Waiter& waiter) noexcept {
  static_cast<base::ListNode<Waiter>&>(waiter).unlink();
  if (--count_ == 0) {
    os::Timer::cancel();
  }
}

void WaitQueue::onTimer() noexcept {
  serve();
  if (count_ > 0) {
    loop_.arm(*this, kLookEvery);
    owner_.onStillWaiting();
  }
}

void WaitQueue::serve() noexcept {
  Waiter* first = waiters_.front();
  while (first != nullptr && first->onTurn()) {
    first = waiters_.front();
  }
}

}  // namespace weft::upstream
