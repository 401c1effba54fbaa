#include "upstream/probe.h"

#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/intrusive_list.h"
#include "os/poller.h"
#include "os/sockets.h"
#include "upstream/context.h"

namespace weft::upstream {

namespace {

constexpr base::Error kTimeout{
    .text = "no answer in time", .code = base::ErrorCode::Timeout, .side = base::Side::Upstream};

}  // namespace

bool ProbeSlots::take(Probe& probe) noexcept {
  if (openNow_ >= kOpenMax) {
    waiting_.pushBack(probe);
    return false;
  }
  ++openNow_;
  return true;
}

/// A connect that fails at once comes back here, which must not become a deep recursion.
void ProbeSlots::release() noexcept {
  --openNow_;
  if (std::exchange(passingOn_, true)) {
    return;
  }
  while (openNow_ < kOpenMax) {
    Probe* next = waiting_.popFront();
    if (next == nullptr) {
      break;
    }
    ++openNow_;
    next->connect();
  }
  passingOn_ = false;
}

Probe::~Probe() {
  stop();
}

void Probe::start(base::Duration delay, base::Duration timeout) noexcept {
  if (state_ == State::Connecting || state_ == State::Queued) {
    return;
  }
  timeout_ = timeout;
  state_ = State::Delayed;
  context_.loop.arm(*this, delay);
}

void Probe::stop() noexcept {
  cancel();
  static_cast<base::ListNode<Probe>&>(*this).unlink();
  const bool wasConnecting = std::exchange(state_, State::Idle) == State::Connecting;
  close();
  if (wasConnecting) {
    slots_.release();
  }
}

void Probe::onTimer() noexcept {
  if (state_ == State::Connecting) {
    finish(&kTimeout);
    return;
  }
  state_ = State::Queued;
  if (slots_.take(*this)) {
    connect();
  }
}

void Probe::connect() noexcept {
  state_ = State::Connecting;
  const auto fd = context_.sockets.connect(address_, {});
  if (!fd.ok()) {
    finish(&fd.error());
    return;
  }
  fd_ = fd.value();
  const auto added = context_.loop.poller().add(fd_, os::Interest::ReadWrite, *this);
  if (!added.ok()) {
    finish(&added.error());
    return;
  }
  context_.loop.arm(*this, timeout_);
}

void Probe::onReady(os::Ready ready) noexcept {
  if (state_ != State::Connecting || !ready.has(os::Ready::kWritable | os::Ready::kFailed)) {
    return;
  }
  const int sysErrno = context_.sockets.connectError(fd_);
  if (sysErrno == 0) {
    finish(nullptr);
    return;
  }
  const base::Error error = base::errorFromErrno(sysErrno, base::Side::Upstream, "cannot connect");
  finish(&error);
}

void Probe::finish(const base::Error* error) noexcept {
  cancel();
  close();
  state_ = State::Idle;
  owner_.onProbed(error);
  slots_.release();
}

void Probe::close() noexcept {
  if (fd_ != os::kNoFd) {
    context_.sockets.close(std::exchange(fd_, os::kNoFd));
  }
}

}  // namespace weft::upstream
