#include "os/kernel_sockets.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "os/direct_calls.h"
#include "os/original_dst.h"
#include "os/socket_address.h"
#include "os/socket_options.h"
#include "os/sockets.h"

namespace weft::os {

namespace {

using base::Address;
using base::AddressFamily;
using base::Error;
using base::Result;
using base::Side;

/// How long a client's answer to a listener's answer may be on its way.
constexpr base::Duration kHandshakeTime = std::chrono::milliseconds(100);

int familyOf(const Address& address) noexcept {
  switch (address.family()) {
    case AddressFamily::Ipv4:
      return AF_INET;
    case AddressFamily::Ipv6:
      return AF_INET6;
    case AddressFamily::Unix:
      return AF_UNIX;
  }
  return AF_UNSPEC;
}

int openStream(const Address& address) noexcept {
  return ::socket(familyOf(address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

Error closeAndFail(int fd, const char* text) noexcept {
  const Error error = base::errorFromErrno(errno, Side::Internal, text);
  ::close(fd);
  return error;
}

/// A socket file whose listener is gone refuses; only then is it removed. One that somebody listens
/// on stays, so that a second instance fails to bind.
void removeStaleSocketFile(const Address& address) noexcept {
  // Not lstat(), which in today's headers is one of glibc 2.33.
  struct statx status{};
  if (::statx(AT_FDCWD, address.path().c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) != 0 ||
      !S_ISSOCK(status.stx_mode)) {
    return;
  }
  const int probe = openStream(address);
  if (probe < 0) {
    return;
  }
  const SocketAddress target = toSocketAddress(address);
  if (::connect(probe, target.get(), target.length) != 0 && errno == ECONNREFUSED) {
    static_cast<void>(::unlink(address.path().c_str()));
  }
  ::close(probe);
}

IoResult fromCount(ssize_t count) noexcept {
  if (count > 0) {
    return {.bytes = static_cast<std::size_t>(count)};
  }
  if (count == 0) {
    return {.status = IoStatus::Eof};
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    return {.status = IoStatus::WouldBlock};
  }
  return {.sysErrno = errno, .status = IoStatus::Failed};
}

}  // namespace

Result<int> KernelSockets::listen(const ListenOptions& options) {
  const Address& address = options.address;
  if (address.family() == AddressFamily::Unix) {
    removeStaleSocketFile(address);
  }
  const int fd = openStream(address);
  if (fd < 0) {
    return base::errorFromErrno(errno, Side::Internal, "cannot open a socket");
  }
  if (address.family() == AddressFamily::Ipv6) {
    setIpv6Only(fd, options.ipv6Only);
  }
  if (address.family() != AddressFamily::Unix) {
    allowAddressReuse(fd);
    applyStreamOptions(fd, options.stream);
  }
  const SocketAddress target = toSocketAddress(address);
  if (::bind(fd, target.get(), target.length) != 0) {
    return closeAndFail(fd, "cannot bind the address");
  }
  if (options.unixMode && ::chmod(address.path().c_str(), *options.unixMode) != 0) {
    return closeAndFail(fd, "cannot set the mode of the unix socket");
  }
  if (::listen(fd, static_cast<int>(options.backlogCount)) != 0) {
    return closeAndFail(fd, "cannot listen on the address");
  }
  return fd;
}

void KernelSockets::setListenOptions(int fd, const ListenOptions& options) noexcept {
  if (options.address.family() != AddressFamily::Unix) {
    applyStreamOptions(fd, options.stream);
  } else if (options.unixMode) {
    static_cast<void>(::chmod(options.address.path().c_str(), *options.unixMode));
  }
  static_cast<void>(::listen(fd, static_cast<int>(options.backlogCount)));
}

base::Duration KernelSockets::refuseNew(int listener) noexcept {
  if (isUnixSocket(listener)) {
    ::shutdown(listener, SHUT_RD);
    return {};
  }
  // A shutdown of a TCP listener would reset those who wait.
  dropHandshakes(listener);
  return kHandshakeTime;
}

void KernelSockets::closeListener(int fd, const Address& address) noexcept {
  if (address.family() == AddressFamily::Unix) {
    static_cast<void>(::unlink(address.path().c_str()));
  }
  ::close(fd);
}

Address KernelSockets::listenAddress(int listener) const {
  SocketAddress address;
  if (::getsockname(listener, address.get(), &address.length) != 0) {
    return {};
  }
  return toAddress(address);
}

Accepted KernelSockets::accept(int listener) {
  SocketAddress peer;
  const int fd = ::accept4(listener, peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    // What accept says of a unix socket that is shut down and empty.
    const int sysErrno = errno == EINVAL ? EAGAIN : errno;
    return {.fd = kNoFd, .sysErrno = sysErrno, .peer = {}};
  }
  return {.fd = fd, .sysErrno = 0, .peer = toAddress(peer)};
}

Result<int> KernelSockets::connect(const Address& address, const StreamOptions& options) {
  const int fd = openStream(address);
  if (fd < 0) {
    return base::errorFromErrno(errno, Side::Upstream, "cannot open a socket");
  }
  if (address.family() != AddressFamily::Unix) {
    applyStreamOptions(fd, options);
  }
  const SocketAddress target = toSocketAddress(address);
  if (::connect(fd, target.get(), target.length) != 0 && errno != EINPROGRESS) {
    const int sysErrno = errno;
    ::close(fd);
    // A unix listener whose backlog is full answers EAGAIN at once; there is nothing to wait for.
    const int reported = sysErrno == EAGAIN ? ECONNREFUSED : sysErrno;
    return base::errorFromErrno(reported, Side::Upstream, "cannot connect");
  }
  return fd;
}

int KernelSockets::connectError(int fd) noexcept {
  int sysErrno = 0;
  socklen_t length = sizeof(sysErrno);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &sysErrno, &length) != 0) {
    return errno;
  }
  return sysErrno;
}

IoResult KernelSockets::read(int fd, base::MutableBytes into) noexcept {
  return fromCount(directRecv(fd, into.data(), into.size()));
}

IoResult KernelSockets::write(int fd, base::Bytes from) noexcept {
  return fromCount(directSend(fd, from.data(), from.size(), MSG_NOSIGNAL));
}

void KernelSockets::shutdownWrite(int fd) noexcept {
  ::shutdown(fd, SHUT_WR);
}

void KernelSockets::close(int fd) noexcept {
  ::close(fd);
}

void KernelSockets::reset(int fd) noexcept {
  lingerZero(fd);
  ::close(fd);
}

std::size_t KernelSockets::readableBytes(int fd) noexcept {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::size_t KernelSockets::unsentBytes(int fd) noexcept {
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

Address KernelSockets::peerAddress(int fd) {
  SocketAddress peer;
  if (::getpeername(fd, peer.get(), &peer.length) != 0) {
    return Address::unixPath({});
  }
  return toAddress(peer);
}

std::optional<Address> KernelSockets::originalDst(int fd) {
  return os::originalDst(fd);
}

Address KernelSockets::ownAddress(int fd) {
  SocketAddress own;
  if (::getsockname(fd, own.get(), &own.length) != 0) {
    return Address::unixPath({});
  }
  return toAddress(own);
}

Result<PipeFds> KernelSockets::openPipe(std::size_t wantedBytes) {
  int fds[2] = {kNoFd, kNoFd};
  if (::pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) {
    return base::errorFromErrno(errno, Side::Internal, "cannot open a pipe");
  }
  // An unprivileged user over the pipe budget of its uid gets EPERM; the pipe works with what it
  // has.
  static_cast<void>(::fcntl(fds[1], F_SETPIPE_SZ, static_cast<int>(wantedBytes)));
  const int capacity = ::fcntl(fds[1], F_GETPIPE_SZ);
  return PipeFds{.read = fds[0],
                 .write = fds[1],
                 .capacityBytes = capacity > 0 ? static_cast<std::size_t>(capacity) : 0};
}

void KernelSockets::closePipe(const PipeFds& pipe) noexcept {
  ::close(pipe.read);
  ::close(pipe.write);
}

IoResult KernelSockets::spliceIn(int fd, const PipeFds& pipe, std::size_t bytesMax) noexcept {
  return fromCount(
      ::splice(fd, nullptr, pipe.write, nullptr, bytesMax, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
}

IoResult KernelSockets::spliceOut(const PipeFds& pipe, int fd, std::size_t bytesMax) noexcept {
  return fromCount(
      ::splice(pipe.read, nullptr, fd, nullptr, bytesMax, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
}

}  // namespace weft::os
