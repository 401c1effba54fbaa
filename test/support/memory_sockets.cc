#include "support/memory_sockets.h"

#include <cerrno>
#include <utility>

#include "base/assert.h"

namespace weft::test {

using base::Address;
using base::Error;
using base::Result;
using base::Side;
using os::IoResult;
using os::IoStatus;

MemorySockets::~MemorySockets() {
  for (Descriptor& descriptor : descriptors_) {
    if (descriptor.stream != nullptr) {
      descriptor.stream->close();
    } else if (descriptor.listener != nullptr) {
      network_.close(*descriptor.listener);
    }
  }
}

// ---- descriptors ----

int MemorySockets::allot(Descriptor descriptor) {
  ++openCount_;
  for (std::size_t i = 0; i < descriptors_.size(); ++i) {
    if (!descriptors_[i].open()) {
      descriptors_[i] = std::move(descriptor);
      return static_cast<int>(i) + kFirstFd;
    }
  }
  descriptors_.push_back(std::move(descriptor));
  return static_cast<int>(descriptors_.size()) - 1 + kFirstFd;
}

/// Closing what is not open is a bug of the code under test: in a real process it would close
/// somebody else's.
MemorySockets::Descriptor& MemorySockets::at(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd - kFirstFd);
  WEFT_CHECK(fd >= kFirstFd && index < descriptors_.size() && descriptors_[index].open());
  return descriptors_[index];
}

MemoryStream& MemorySockets::stream(int fd) noexcept {
  const std::shared_ptr<MemoryStream>& stream = at(fd).stream;
  WEFT_CHECK(stream != nullptr);
  return *stream;
}

void MemorySockets::free(int fd) noexcept {
  at(fd) = {};
  --openCount_;
}

MemoryFile& MemorySockets::file(int fd) noexcept {
  Descriptor& descriptor = at(fd);
  if (descriptor.stream != nullptr) {
    return *descriptor.stream;
  }
  WEFT_CHECK(descriptor.listener != nullptr);
  return *descriptor.listener;
}

MemoryFile* MemorySockets::watchable(int fd, int& sysErrno) {
  sysErrno = enter(Call::Watch, fd);
  return sysErrno == 0 ? &file(fd) : nullptr;
}

int MemorySockets::enter(Call call, int fd) {
  ++callCounts_[static_cast<std::size_t>(call)];
  network_.elapse();
  if (before_) {
    before_(call, fd);
  }
  return fault_ ? fault_(call) : 0;
}

IoResult MemorySockets::noted(IoResult result) noexcept {
  wouldBlockCount_ += result.status == IoStatus::WouldBlock ? 1 : 0;
  return result;
}

// ---- listeners ----

Result<int> MemorySockets::listen(const os::ListenOptions& options) {
  int sysErrno = enter(Call::Listen, os::kNoFd);
  if (sysErrno == 0 && !hasRoom(1)) {
    sysErrno = EMFILE;
  }
  if (sysErrno != 0) {
    return base::errorFromErrno(sysErrno, Side::Internal, "cannot open a socket");
  }
  auto listener = network_.listen(options.address, options.backlogCount);
  if (listener == nullptr) {
    return base::errorFromErrno(EADDRINUSE, Side::Internal, "cannot bind the address");
  }
  return allot({.stream = nullptr, .listener = std::move(listener), .pipe = nullptr});
}

void MemorySockets::setListenOptions(int fd, const os::ListenOptions& options) noexcept {
  at(fd).listener->backlogCount = options.backlogCount;
}

void MemorySockets::closeListener(int fd, const Address&) noexcept {
  network_.close(*at(fd).listener);
  free(fd);
}

Address MemorySockets::listenAddress(int fd) const {
  return descriptors_[static_cast<std::size_t>(fd - kFirstFd)].listener->address;
}

os::Accepted MemorySockets::accept(int fd) {
  int sysErrno = enter(Call::Accept, fd);
  MemoryListener& listener = *at(fd).listener;
  if (sysErrno == 0 && listener.waiting.empty()) {
    sysErrno = EAGAIN;
  } else if (sysErrno == 0 && !hasRoom(1)) {
    sysErrno = EMFILE;
  }
  if (sysErrno != 0) {
    return {.fd = os::kNoFd, .sysErrno = sysErrno, .peer = {}};
  }
  std::shared_ptr<MemoryStream> stream = std::move(listener.waiting.front());
  listener.waiting.pop_front();
  const Address peer = stream->remoteAddress();
  return {.fd = allot({.stream = std::move(stream), .listener = nullptr, .pipe = nullptr}),
          .sysErrno = 0,
          .peer = peer};
}

// ---- streams ----

Result<int> MemorySockets::connect(const Address& address, const os::StreamOptions&) {
  int sysErrno = enter(Call::Connect, os::kNoFd);
  if (sysErrno == 0 && !hasRoom(1)) {
    sysErrno = EMFILE;
  }
  if (sysErrno == 0) {
    auto stream = network_.connect(address, sysErrno);
    if (stream != nullptr) {
      return allot({.stream = std::move(stream), .listener = nullptr, .pipe = nullptr});
    }
  }
  return base::errorFromErrno(sysErrno, Side::Upstream, "cannot connect");
}

int MemorySockets::connectError(int fd) noexcept {
  return stream(fd).takeError();
}

IoResult MemorySockets::read(int fd, base::MutableBytes into) noexcept {
  const int sysErrno = enter(Call::Read, fd);
  return sysErrno == 0 ? noted(stream(fd).read(into))
                       : IoResult{.sysErrno = sysErrno, .status = IoStatus::Failed};
}

IoResult MemorySockets::write(int fd, base::Bytes from) noexcept {
  const int sysErrno = enter(Call::Write, fd);
  return sysErrno == 0 ? noted(stream(fd).write(from))
                       : IoResult{.sysErrno = sysErrno, .status = IoStatus::Failed};
}

IoResult MemorySockets::writeUrgent(int fd, std::byte byte) {
  return stream(fd).writeUrgent(byte);
}

void MemorySockets::shutdownWrite(int fd) noexcept {
  stream(fd).shutdownWrite();
}

void MemorySockets::close(int fd) noexcept {
  stream(fd).close();
  free(fd);
}

void MemorySockets::reset(int fd) noexcept {
  stream(fd).reset();
  free(fd);
}

std::size_t MemorySockets::readableBytes(int fd) noexcept {
  return stream(fd).readableBytes();
}

std::size_t MemorySockets::unsentBytes(int fd) noexcept {
  return stream(fd).unsentBytes();
}

Address MemorySockets::peerAddress(int fd) {
  return stream(fd).remoteAddress();
}

Address MemorySockets::ownAddress(int /*fd*/) {
  return Address::ipv4({10, 0, 0, 1}, 80);
}

// ---- pipes ----

Result<os::PipeFds> MemorySockets::openPipe(std::size_t wantedBytes) {
  int sysErrno = enter(Call::OpenPipe, os::kNoFd);
  if (sysErrno == 0 && !hasRoom(2)) {
    sysErrno = EMFILE;
  }
  if (sysErrno != 0) {
    return base::errorFromErrno(sysErrno, Side::Internal, "cannot open a pipe");
  }
  auto pipe =
      std::make_shared<MemoryPipe>(std::min(wantedBytes, pipeBytesMax_), network_.pieceBytes());
  const std::size_t capacity = pipe->capacityBytes();
  const int readEnd = allot({.stream = nullptr, .listener = nullptr, .pipe = pipe});
  const int writeEnd = allot({.stream = nullptr, .listener = nullptr, .pipe = pipe});
  return os::PipeFds{.read = readEnd, .write = writeEnd, .capacityBytes = capacity};
}

void MemorySockets::closePipe(const os::PipeFds& pipe) noexcept {
  WEFT_CHECK(at(pipe.read).pipe != nullptr && at(pipe.read).pipe == at(pipe.write).pipe);
  free(pipe.read);
  free(pipe.write);
}

IoResult MemorySockets::spliceIn(int fd, const os::PipeFds& pipe, std::size_t bytesMax) noexcept {
  const int sysErrno = enter(Call::SpliceIn, fd);
  return sysErrno == 0 ? noted(stream(fd).spliceTo(*at(pipe.write).pipe, bytesMax))
                       : IoResult{.sysErrno = sysErrno, .status = IoStatus::Failed};
}

IoResult MemorySockets::spliceOut(const os::PipeFds& pipe, int fd, std::size_t bytesMax) noexcept {
  const int sysErrno = enter(Call::SpliceOut, fd);
  return sysErrno == 0 ? noted(stream(fd).spliceFrom(*at(pipe.read).pipe, bytesMax))
                       : IoResult{.sysErrno = sysErrno, .status = IoStatus::Failed};
}

}  // namespace weft::test
