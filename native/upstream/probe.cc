#include "upstream/probe.h"

#include <span>
#include <string_view>
#include <utility>

#include "base/bytes.h"
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

constexpr base::Error kNoAnswer{.text = "the connection ended without an answer",
                                .code = base::ErrorCode::Reset,
                                .side = base::Side::Upstream};
constexpr base::Error kBadStatus{.text = "answered with a status that is no success",
                                 .code = base::ErrorCode::Unhealthy,
                                 .side = base::Side::Upstream};

/// 2xx and 3xx, as a kubelet takes them.
bool isSuccess(std::string_view statusLine) noexcept {
  return statusLine.starts_with("HTTP/1.") && statusLine[8] == ' ' &&
         (statusLine[9] == '2' || statusLine[9] == '3');
}

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
  if (connecting() || state_ == State::Queued) {
    return;
  }
  timeout_ = timeout;
  state_ = State::Delayed;
  context_.loop.arm(*this, delay);
}

void Probe::stop() noexcept {
  cancel();
  static_cast<base::ListNode<Probe>&>(*this).unlink();
  const bool wasConnecting = connecting();
  state_ = State::Idle;
  close();
  if (wasConnecting) {
    slots_.release();
  }
}

void Probe::onTimer() noexcept {
  if (connecting()) {
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
  if (state_ == State::Asking) {
    ask();
    return;
  }
  if (state_ != State::Connecting || !ready.has(os::Ready::kWritable | os::Ready::kFailed)) {
    return;
  }
  const int sysErrno = context_.sockets.connectError(fd_);
  if (sysErrno == 0 && question_.empty()) {
    finish(nullptr);
    return;
  }
  if (sysErrno == 0) {
    state_ = State::Asking;
    askedBytes_ = 0;
    heardBytes_ = 0;
    ask();
    return;
  }
  const base::Error error = base::errorFromErrno(sysErrno, base::Side::Upstream, "cannot connect");
  finish(&error);
}

/// What is left of the question, then what there is of the answer.
void Probe::ask() noexcept {
  while (askedBytes_ < question_.size()) {
    const std::string_view left = std::string_view(question_).substr(askedBytes_);
    const os::IoResult written = context_.sockets.write(fd_, base::bytesOf(left));
    if (written.status == os::IoStatus::WouldBlock) {
      return;
    }
    if (written.status != os::IoStatus::Ok) {
      finish(&kNoAnswer);
      return;
    }
    askedBytes_ += written.bytes;
  }
  hear();
}

void Probe::hear() noexcept {
  while (heardBytes_ < heard_.size()) {
    const os::IoResult read =
        context_.sockets.read(fd_, std::as_writable_bytes(std::span(heard_).subspan(heardBytes_)));
    if (read.status == os::IoStatus::WouldBlock) {
      return;
    }
    if (read.status != os::IoStatus::Ok) {
      finish(&kNoAnswer);
      return;
    }
    heardBytes_ += read.bytes;
  }
  finish(isSuccess({heard_.data(), heard_.size()}) ? nullptr : &kBadStatus);
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
