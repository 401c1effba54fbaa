#include "engine/acceptor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "os/poller.h"
#include "os/sockets.h"
#include "telemetry/cells.h"
#include "telemetry/event.h"

namespace weft::engine {

namespace {

using telemetry::EventKind;
using telemetry::WorkerCell;

/// Connections that one listener may take in one turn.
constexpr std::uint32_t kQuotaMax = 64;

/// More than any backlog holds.
constexpr std::uint32_t kWaitingMax = 1U << 17U;

constexpr base::Duration kPause = std::chrono::milliseconds(50);

bool exhausted(int sysErrno) noexcept {
  return sysErrno == EMFILE || sysErrno == ENFILE || sysErrno == ENOMEM || sysErrno == ENOBUFS;
}

}  // namespace

Acceptor::~Acceptor() {
  parts_.loop.poller().remove(fd_);
  if (paused_) {
    parts_.cells.subtract(WorkerCell::AcceptPausedNow);
  }
}

base::Result<void> Acceptor::start() noexcept {
  return parts_.loop.poller().add(fd_, os::Interest::Accept, *this);
}

void Acceptor::onReady(os::Ready) noexcept {
  std::uint32_t count = 0;
  while (count < quota_) {
    const Once once = acceptOne();
    if (once == Once::Empty || once == Once::Paused) {
      break;
    }
    ++count;
  }
  quota_ = count == quota_ ? std::min(quota_ * 2, kQuotaMax) : std::max(count, 1U);
  parts_.router.routed();
}

void Acceptor::drain(std::function<void()> drained) noexcept {
  const base::Duration handshakeTime = parts_.sockets.refuseNew(fd_);
  acceptWaiting();
  drained_ = std::move(drained);
  if (handshakeTime > base::Duration::zero()) {
    parts_.loop.arm(*this, handshakeTime);
  } else {
    endDrain();
  }
}

void Acceptor::endDrain() noexcept {
  const auto drained = std::move(drained_);
  drained();
}

void Acceptor::acceptWaiting() noexcept {
  for (std::uint32_t i = 0; i < kWaitingMax; ++i) {
    const Once once = acceptOne();
    if (once == Once::Empty || once == Once::Paused) {
      break;
    }
  }
  parts_.router.routed();
}

Acceptor::Once Acceptor::acceptOne() noexcept {
  if (!parts_.router.hasRoom()) {
    pause(EMFILE);
    return Once::Paused;
  }
  os::Accepted accepted = parts_.sockets.accept(fd_);
  if (accepted.fd == os::kNoFd) {
    if (accepted.sysErrno == EAGAIN || accepted.sysErrno == EWOULDBLOCK) {
      // The kernel takes a descriptor before it looks who waits: there is one.
      resumed();
      return Once::Empty;
    }
    if (exhausted(accepted.sysErrno)) {
      pause(accepted.sysErrno);
      return Once::Paused;
    }
    // What failed is the connection that was waiting (accept(2), "Error handling"), not the
    // listener.
    return Once::Skipped;
  }
  resumed();
  parts_.cells.add(WorkerCell::Accepted);
  parts_.router.route(listener_, std::move(accepted));
  return Once::Accepted;
}

/// Told once for each pause, however often it is found to last.
void Acceptor::pause(int sysErrno) noexcept {
  parts_.loop.poller().modify(fd_, os::Interest::Paused, *this);
  parts_.loop.arm(*this, kPause);
  if (!std::exchange(paused_, true)) {
    parts_.cells.add(WorkerCell::AcceptPauses);
    parts_.cells.add(WorkerCell::AcceptPausedNow);
    const std::array<std::uint64_t, 2> numbers = {listener_.number,
                                                  static_cast<std::uint64_t>(sysErrno)};
    emit(EventKind::AcceptPaused, numbers);
  }
}

void Acceptor::onTimer() noexcept {
  if (drained_) {
    acceptWaiting();
    endDrain();
    return;
  }
  parts_.loop.poller().modify(fd_, os::Interest::Accept, *this);
  // Whoever waited may have left, and nobody would tell.
  onReady({});
}

void Acceptor::resumed() noexcept {
  if (std::exchange(paused_, false)) {
    parts_.cells.subtract(WorkerCell::AcceptPausedNow);
    const std::array<std::uint64_t, 1> numbers = {listener_.number};
    emit(EventKind::AcceptResumed, numbers);
  }
}

void Acceptor::emit(EventKind kind, std::span<const std::uint64_t> numbers) noexcept {
  parts_.events.emit(
      {.kind = kind, .wallUs = parts_.loop.wallUs(), .numbers = numbers, .fields = {}});
}

}  // namespace weft::engine
