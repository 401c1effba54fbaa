#include "support/memory_stream.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "support/memory_network.h"

namespace weft::test {

using os::IoResult;
using os::IoStatus;
using os::Ready;

namespace {

constexpr std::uint8_t kEverything =
    Ready::kReadable | Ready::kWritable | Ready::kReadHangup | Ready::kFailed;

}  // namespace

// ---- socket calls ----

IoResult MemoryStream::read(base::MutableBytes into) {
  std::size_t count = std::min(into.size(), beforeMark());
  if (count == 0) {
    return nothingToRead();
  }
  // A unix stream may stop where a message ended, at the latest where one with a descriptor did.
  if (unixSocket_ && network_.random().below(2) == 0) {
    count = std::min(count, segments_.front());
  }
  in_.pop(into.first(count));
  consumed(count);
  return {.bytes = count};
}

/// What lies before the urgent mark; a mark at the very front stops nobody but splice.
std::size_t MemoryStream::beforeMark() const noexcept {
  const bool ahead = urgentIn_ && *urgentIn_ > readPosition_;
  return ahead ? std::min<std::size_t>(in_.size(), *urgentIn_ - readPosition_) : in_.size();
}

/// The order of tcp_recvmsg: an end that has arrived comes before an error.
IoResult MemoryStream::nothingToRead() {
  if (endArrived_) {
    return {.status = IoStatus::Eof};
  }
  if (error_ != 0) {
    return {.sysErrno = std::exchange(error_, 0), .status = IoStatus::Failed};
  }
  return {.status = state_ == State::Dead ? IoStatus::Eof : IoStatus::WouldBlock};
}

std::optional<IoResult> MemoryStream::refuseWrite() {
  if (state_ == State::Connecting) {
    return IoResult{.status = IoStatus::WouldBlock};
  }
  if (writeShut_ || state_ == State::Dead) {
    const int sysErrno = error_ == 0 ? EPIPE : std::exchange(error_, 0);
    return IoResult{.sysErrno = sysErrno, .status = IoStatus::Failed};
  }
  return std::nullopt;
}

IoResult MemoryStream::write(base::Bytes from) {
  if (const auto refusal = refuseWrite()) {
    return *refusal;
  }
  const std::size_t count = out_.push(from);
  noRoom_ = noRoom_ || count < from.size();
  if (count == 0) {
    return {.status = IoStatus::WouldBlock};
  }
  network_.touch(*this);
  return {.bytes = count};
}

IoResult MemoryStream::writeUrgent(std::byte byte) {
  if (const auto refusal = refuseWrite()) {
    return *refusal;
  }
  if (out_.room() == 0) {
    noRoom_ = true;
    return {.status = IoStatus::WouldBlock};
  }
  urgentOut_ = sentPosition_ + out_.size();
  out_.push(std::span(&byte, 1));
  network_.touch(*this);
  return {.bytes = 1};
}

/// tcp_read_sock never gets past an urgent mark: at one it says "nothing here", or "the end" once
/// FIN is behind it.
IoResult MemoryStream::spliceTo(MemoryPipe& pipe, std::size_t bytesMax) {
  if (in_.empty()) {
    return nothingToRead();
  }
  if (urgentIn_ && *urgentIn_ == readPosition_) {
    return {.status = endArrived_ ? IoStatus::Eof : IoStatus::WouldBlock};
  }
  std::size_t moved = 0;
  std::size_t left = std::min(bytesMax, beforeMark());
  while (left > 0 && !pipe.full()) {
    const std::size_t count = pipe.fillSlot(in_, std::min(left, segments_.front()));
    consumed(count);
    moved += count;
    left -= count;
  }
  return moved > 0 ? IoResult{.bytes = moved} : IoResult{.status = IoStatus::WouldBlock};
}

IoResult MemoryStream::spliceFrom(MemoryPipe& pipe, std::size_t bytesMax) {
  if (const auto refusal = refuseWrite()) {
    return *refusal;
  }
  std::size_t moved = 0;
  while (moved < bytesMax && !pipe.empty() && out_.room() > 0) {
    moved += pipe.drainSlot(out_, std::min(bytesMax - moved, out_.room()));
  }
  noRoom_ = noRoom_ || moved < bytesMax;
  if (moved == 0) {
    return {.status = IoStatus::WouldBlock};
  }
  network_.touch(*this);
  return {.bytes = moved};
}

void MemoryStream::shutdownWrite() {
  if (state_ == State::Open) {
    writeShut_ = true;
    network_.touch(*this);
    tell(Ready::kWritable);
  }
}

void MemoryStream::close() {
  if (!in_.empty()) {
    reset();
    return;
  }
  closed_ = true;
  endWatch();
  if (state_ == State::Open) {
    writeShut_ = true;
    network_.touch(*this);
  }
  unpair();
}

void MemoryStream::reset() {
  closed_ = true;
  endWatch();
  out_.clear();
  if (state_ == State::Open) {
    state_ = State::Dead;
    resetToDeliver_ = true;
    network_.touch(*this);
  }
  unpair();
}

int MemoryStream::takeError() noexcept {
  return std::exchange(error_, 0);
}

// ---- readiness ----

bool MemoryStream::writable() const noexcept {
  // sk_stream_is_writeable: a third of the buffer is free.
  return writeShut_ || state_ == State::Dead || out_.room() * 3 >= out_.capacity();
}

std::uint8_t MemoryStream::readyBits() {
  if (state_ == State::Connecting) {
    return 0;
  }
  const bool dead = state_ == State::Dead;
  int bits = 0;
  bits |= !in_.empty() || endArrived_ || dead ? Ready::kReadable : 0;
  bits |= endArrived_ || dead ? Ready::kReadHangup : 0;
  bits |= error_ != 0 || dead || (writeShut_ && endArrived_) ? Ready::kFailed : 0;
  bits |= urgentIn_ ? Ready::kUrgent : 0;
  bits |= writable() ? Ready::kWritable : 0;
  noRoom_ = noRoom_ || !writable();
  return static_cast<std::uint8_t>(bits);
}

// ---- what travels ----

bool MemoryStream::hasToDeliver() const noexcept {
  if (peer_ == nullptr) {
    return false;
  }
  const bool bytes = !out_.empty() && (peer_->gone() || peer_->in_.room() > 0);
  const bool end = out_.empty() && writeShut_ && !endDelivered_;
  return resetToDeliver_ || (state_ == State::Open && (bytes || end));
}

bool MemoryStream::deliver(std::size_t bytesMax) {
  const std::shared_ptr<MemoryStream> peer = peer_;
  if (!hasToDeliver()) {
    return false;
  }
  if (resetToDeliver_) {
    resetToDeliver_ = false;
    peer->dieOfReset();
  } else if (out_.empty()) {
    endDelivered_ = true;
    peer->receiveEnd();
    if (endArrived_) {
      // LAST_ACK has become CLOSE; tcp_done wakes everybody.
      tell(kEverything);
    }
  } else if (peer->gone()) {
    // Bytes for a closed socket are answered with a reset.
    dieOfReset();
  } else {
    const std::size_t count = std::min({out_.size(), peer->in_.room(), bytesMax});
    sentPosition_ += count;
    if (urgentOut_ && *urgentOut_ < sentPosition_) {
      peer->urgentIn_ = std::exchange(urgentOut_, std::nullopt);
    }
    out_.moveTo(peer->in_, count);
    peer->receive(count);
    madeRoom();
  }
  return true;
}

void MemoryStream::receive(std::size_t bytes) {
  segments_.push_back(bytes);
  const int urgent = urgentIn_ ? Ready::kUrgent : 0;
  tell(static_cast<std::uint8_t>(Ready::kReadable | urgent));
}

void MemoryStream::receiveEnd() {
  endArrived_ = true;
  tell(Ready::kReadable | Ready::kReadHangup);
}

/// tcp_reset: after a FIN the error is a broken pipe.
void MemoryStream::dieOfReset() {
  die(endArrived_ ? EPIPE : ECONNRESET);
}

/// What has arrived can still be read.
void MemoryStream::die(int sysErrno) {
  if (state_ != State::Dead) {
    state_ = State::Dead;
    error_ = sysErrno;
    out_.clear();
    tell(kEverything);
  }
}

void MemoryStream::timeOut() {
  die(ETIMEDOUT);
}

void MemoryStream::consumed(std::size_t bytes) {
  readPosition_ += bytes;
  if (urgentIn_ && readPosition_ > *urgentIn_) {
    urgentIn_.reset();
  }
  while (bytes > 0) {
    const std::size_t piece = std::min(bytes, segments_.front());
    segments_.front() -= piece;
    bytes -= piece;
    if (segments_.front() == 0) {
      segments_.pop_front();
    }
  }
  if (peer_ != nullptr) {
    network_.touch(*peer_);
  }
}

/// sk_stream_write_space: only those are told who were refused before.
void MemoryStream::madeRoom() {
  if (noRoom_ && writable()) {
    noRoom_ = false;
    tell(Ready::kWritable);
  }
}

void MemoryStream::unpair() {
  if (peer_ != nullptr && peer_->closed_) {
    const std::shared_ptr<MemoryStream> peer = std::exchange(peer_, nullptr);
    peer->peer_ = nullptr;
  }
}

// ---- connecting ----

void MemoryStream::startConnect(const base::Address& to) {
  remote_ = to;
  unixSocket_ = to.family() == base::AddressFamily::Unix;
}

void MemoryStream::connectFailed(int sysErrno) {
  die(sysErrno);
}

void MemoryStream::pairWith(MemoryStream& acceptedEnd, const base::Address& from) {
  peer_ = acceptedEnd.shared_from_this();
  state_ = State::Open;
  acceptedEnd.peer_ = shared_from_this();
  acceptedEnd.state_ = State::Open;
  acceptedEnd.remote_ = from;
  acceptedEnd.unixSocket_ = unixSocket_;
  tell(Ready::kWritable);
}

}  // namespace weft::test
