#include "support/peer.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bytes.h"

namespace weft::test {

using transport::IoResult;
using transport::Status;

namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

}  // namespace

bool Peer::step() {
  if (transport_ == nullptr) {
    return false;
  }
  if (!opened_) {
    return failure_ == 0 && openOn();
  }
  bool any = false;
  while (readOnce()) {
    any = true;
  }
  while (writeOnce()) {
    any = true;
  }
  return any;
}

bool Peer::openOn() {
  const IoResult opened = transport_->open();
  opened_ = opened.status == Status::Ok;
  noteFailure(opened);
  return opened_ || failure_ != 0;
}

void Peer::noteFailure(const IoResult& result) {
  if (result.status == Status::Failed && failure_ == 0) {
    failure_ = result.sysErrno == 0 ? EIO : result.sysErrno;
  }
}

bool Peer::readOnce() {
  if (over() || received_.size() >= readMax_) {
    return false;
  }
  std::array<std::byte, kReadBytes> buffer;
  const std::size_t wanted = std::min({buffer.size(), callBytes_, readMax_ - received_.size()});
  const IoResult got = transport_->read(std::span(buffer).first(wanted));
  noteFailure(got);
  ended_ = got.status == Status::Eof;
  received_.append(reinterpret_cast<const char*>(buffer.data()), got.bytes);
  return got.bytes > 0 || over();
}

bool Peer::writeOnce() {
  if (failure_ != 0) {
    return false;
  }
  if (outboxStart_ == outbox_.size()) {
    if (!finishing_ || finished_) {
      return false;
    }
    const IoResult shut = transport_->shutdownWrite();
    noteFailure(shut);
    finished_ = shut.status == Status::Ok;
    return finished_;
  }
  const std::string_view piece =
      std::string_view(outbox_).substr(outboxStart_, std::max(callBytes_, blockedBytes_));
  const IoResult put = transport_->write(base::bytesOf(piece));
  blockedBytes_ = put.bytes > 0 ? 0 : piece.size();
  noteFailure(put);
  outboxStart_ += put.bytes;
  sentBytes_ += put.bytes;
  return put.bytes > 0;
}

void Peer::reset() {
  transport_->reset();
  transport_.reset();
}

bool Endpoint::step() {
  bool any = false;
  while (accepting_ && fd_ != os::kNoFd) {
    const os::Accepted accepted = sockets_.accept(fd_);
    if (accepted.fd == os::kNoFd) {
      break;
    }
    const bool unixSocket = address_.family() == base::AddressFamily::Unix;
    peers_.push_back(std::make_unique<Peer>(transports_.accepted(accepted.fd, unixSocket)));
    any = true;
  }
  for (const std::unique_ptr<Peer>& peer : peers_) {
    any = peer->step() || any;
  }
  return any;
}

void Endpoint::close() {
  if (fd_ != os::kNoFd) {
    sockets_.closeListener(fd_, address_);
    fd_ = os::kNoFd;
  }
}

}  // namespace weft::test
