#include "transport/plain_transport.h"

#include <utility>

#include "base/bytes.h"
#include "os/sockets.h"
#include "transport/transport.h"

namespace weft::transport {

namespace {

IoResult translate(const os::IoResult& result, Status wants) noexcept {
  switch (result.status) {
    case os::IoStatus::Ok:
      return {.bytes = result.bytes};
    case os::IoStatus::WouldBlock:
      return {.status = wants};
    case os::IoStatus::Eof:
      return {.status = Status::Eof};
    case os::IoStatus::Failed:
      break;
  }
  return {.sysErrno = result.sysErrno, .status = Status::Failed};
}

}  // namespace

PlainTransport::~PlainTransport() {
  if (fd_ != os::kNoFd) {
    factory_.sockets_.close(fd_);
  }
}

IoResult PlainTransport::read(base::MutableBytes into) noexcept {
  return translate(factory_.sockets_.read(fd_, into), Status::WantRead);
}

IoResult PlainTransport::write(base::Bytes from) noexcept {
  return translate(factory_.sockets_.write(fd_, from), Status::WantWrite);
}

IoResult PlainTransport::shutdownWrite() noexcept {
  factory_.sockets_.shutdownWrite(fd_);
  return {};
}

void PlainTransport::reset() noexcept {
  factory_.sockets_.reset(std::exchange(fd_, os::kNoFd));
}

void PlainTransport::dispose() noexcept {
  factory_.pool_.destroy(this);
}

TransportPtr PlainTransportFactory::accepted(int fd, bool unixSocket) noexcept {
  PlainTransport* transport = pool_.make(*this, fd, unixSocket);
  if (transport == nullptr) {
    sockets_.close(fd);
  }
  return TransportPtr(transport);
}

TransportPtr PlainTransportFactory::connecting(int fd, bool unixSocket) noexcept {
  return accepted(fd, unixSocket);
}

}  // namespace weft::transport
