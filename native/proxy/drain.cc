#include "proxy/drain.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/clock.h"
#include "telemetry/close_reason.h"

namespace weft::proxy {

void Drain::start(base::Duration deadline, DrainUntil until, Drained drained) {
  if (active()) {
    drained = [first = std::move(drained_), second = std::move(drained)](std::uint32_t forced) {
      first(forced);
      second(forced);
    };
  }
  const base::TimePoint wanted = loop_.now() + deadline;
  deadline_ = armed() ? std::min(deadline_, wanted) : wanted;
  drained_ = std::move(drained);
  until_ = until;
  loop_.arm(*this, deadline_ - loop_.now());
  connections_.drain(direction_);
  connectionEnded();
}

void Drain::connectionEnded() noexcept {
  if (active() && until_ == DrainUntil::Empty && connections_.count(direction_) == 0) {
    finish(0);
  }
}

void Drain::giveUp() noexcept {
  if (active()) {
    finish(0);
  }
}

void Drain::onTimer() noexcept {
  Drained drained = std::exchange(drained_, nullptr);
  const std::uint32_t forced =
      connections_.abortAll(direction_, telemetry::CloseReason::DrainDeadline);
  drained_ = std::move(drained);
  finish(forced);
}

void Drain::finish(std::uint32_t forcedCount) noexcept {
  cancel();
  const Drained drained = std::exchange(drained_, nullptr);
  drained(forcedCount);
}

}  // namespace weft::proxy
