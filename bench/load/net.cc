#include "net.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace weft::bench {

namespace {

constexpr int kBacklog = 4096;

void setOption(int fd, int level, int name) {
  const int on = 1;
  setsockopt(fd, level, name, &on, sizeof on);
}

}  // namespace

void die(const std::string& message) {
  std::fprintf(stderr, "load: %s\n", message.c_str());
  std::exit(1);
}

void dieErrno(const std::string& what) {
  die(what + ": " + std::strerror(errno));
}

SocketAddress parseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    die("'" + std::string(text) + "' is no address: write it as 127.0.0.1:8080");
  }
  std::string host(text.substr(0, colon));
  const auto port = htons(static_cast<uint16_t>(std::atoi(text.data() + colon + 1)));
  SocketAddress address;
  if (host.front() == '[') {
    host = host.substr(1, host.size() - 2);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    address.length = sizeof *v6;
    if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
      return address;
    }
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    address.length = sizeof *v4;
    if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
      return address;
    }
  }
  die("'" + host + "' is no IP address");
}

std::string boundAddress(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
  char host[INET6_ADDRSTRLEN] = {};
  if (address.family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
  inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
  return std::string(host) + ":" + std::to_string(ntohs(v4->sin_port));
}

int listenOn(const SocketAddress& address) {
  const int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setOption(fd, SOL_SOCKET, SO_REUSEADDR);
  setOption(fd, IPPROTO_TCP, TCP_NODELAY);
  if (bind(fd, address.get(), address.length) != 0 || listen(fd, kBacklog) != 0) {
    dieErrno("listening");
  }
  return fd;
}

int startConnect(const SocketAddress& address) {
  const int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -1;
  }
  setOption(fd, IPPROTO_TCP, TCP_NODELAY);
  if (connect(fd, address.get(), address.length) != 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

int connectOrDie(const SocketAddress& address, int timeoutMs) {
  const int fd = startConnect(address);
  if (fd < 0) {
    dieErrno("connecting");
  }
  pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
  int error = 0;
  socklen_t length = sizeof error;
  if (poll(&writable, 1, timeoutMs) != 1) {
    die("connecting: no answer in time");
  }
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) {
    errno = error;
    dieErrno("connecting");
  }
  return fd;
}

void raiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

void useExactTimers() {
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

void pinTo(int cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<size_t>(cpu), &only);
  if (sched_setaffinity(0, sizeof only, &only) != 0) {
    dieErrno("pinning to CPU " + std::to_string(cpu));
  }
}

}  // namespace weft::bench
