#include "os/loop.h"

#include <optional>
#include <span>

#include "base/intrusive_list.h"
#include "os/poller.h"

namespace weft::os {

void Loop::turn() noexcept {
  const auto deadline = continuations_.empty() ? timers_.nextDue() : std::optional(now_);
  const std::span<const Readiness> ready = poller_.wait(now_, deadline);
  now_ = clock_.now();
  for (const Readiness& readiness : ready) {
    readiness.pollable->onReady(readiness.ready);
  }
  runContinuations();
  timers_.advance(now_);
  disposeRetired();
}

/// Those that ask again meanwhile wait for the next turn.
void Loop::runContinuations() noexcept {
  if (continuations_.empty()) {
    return;
  }
  base::IntrusiveList<Continuation, Continuation> due;
  due.takeAll(continuations_);
  while (Continuation* work = due.popFront()) {
    work->onContinue();
  }
}

void Loop::disposeRetired() noexcept {
  while (Retired* object = retired_.popFront()) {
    object->dispose();
  }
}

}  // namespace weft::os
