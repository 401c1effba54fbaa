#include "support/echo_server.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/assert.h"
#include "os/socket_address.h"
#include "support/kernel_address.h"

namespace weft::test {

namespace {

/// Longer than anything takes on a busy machine.
constexpr int kPatienceSeconds = 20;

int listenOn(const base::Address& address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Connections that this side closed first keep the port of a server that comes back at once.
  const int reuse = 1;
  const os::SocketAddress wanted = os::toSocketAddress(address);
  WEFT_CHECK(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)) == 0 &&
             ::bind(fd, wanted.get(), wanted.length) == 0 && ::listen(fd, 4096) == 0);
  return fd;
}

}  // namespace

// ---- the server ----

EchoServer::EchoServer(const base::Address& address) : listener_(listenOn(address)) {
  address_ = boundAddress(listener_);
  std::array<int, 2> ends{};
  WEFT_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
  wakeRead_ = ends[0];
  wakeWrite_ = ends[1];
  thread_ = std::thread([this] { serve(); });
}

EchoServer::~EchoServer() {
  ::close(wakeWrite_);
  thread_.join();
  ::close(wakeRead_);
  ::close(listener_);
}

void EchoServer::serve() {
  std::vector<pollfd> fds = {{.fd = wakeRead_, .events = POLLIN, .revents = 0},
                             {.fd = listener_, .events = POLLIN, .revents = 0}};
  while (true) {
    ::poll(fds.data(), fds.size(), -1);
    if (fds[0].revents != 0) {
      break;
    }
    for (std::size_t i = 2; i < fds.size(); ++i) {
      if (fds[i].revents != 0 && !echo(fds[i].fd)) {
        ::close(fds[i].fd);
        fds[i].fd = -1;
      }
    }
    std::erase_if(fds, [](const pollfd& entry) { return entry.fd < 0; });
    if (fds[1].revents != 0) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) {
        ++acceptedCount_;
        fds.push_back({.fd = fd, .events = POLLIN, .revents = 0});
      }
    }
  }
  for (std::size_t i = 2; i < fds.size(); ++i) {
    ::close(fds[i].fd);
  }
}

bool EchoServer::echo(int fd) {
  std::array<char, 65'536> buffer;
  const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    return false;
  }
  return ::send(fd, buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) == count;
}

// ---- the client ----

int BlockingClient::connect(const base::Address& address) {
  close();
  const bool v4 = address.family() == base::AddressFamily::Ipv4;
  const bool v6 = address.family() == base::AddressFamily::Ipv6;
  fd_ = ::socket(v4 ? AF_INET : v6 ? AF_INET6 : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  const os::SocketAddress target = os::toSocketAddress(address);
  return ::connect(fd_, target.get(), target.length) == 0 ? 0 : errno;
}

int BlockingClient::echo(std::string_view bytes) {
  if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
    return errno;
  }
  std::string got;
  std::array<char, 4096> buffer;
  while (got.size() < bytes.size()) {
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      return count == 0 ? ENODATA : errno;
    }
    got.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return got == bytes ? 0 : EBADMSG;
}

int BlockingClient::waitForEnd() {
  char byte = 0;
  const ssize_t count = ::recv(fd_, &byte, 1, 0);
  if (count > 0) {
    return EBADMSG;
  }
  return count == 0 ? 0 : errno;
}

bool BlockingClient::readable(int timeoutMs) const {
  pollfd poll{.fd = fd_, .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, timeoutMs) == 1;
}

void BlockingClient::finish() {
  ::shutdown(fd_, SHUT_WR);
}

void BlockingClient::close() {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

}  // namespace weft::test
