#include "os/kernel_features.h"

#include <array>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace weft::os {

namespace {

struct Pipe {
  Pipe() noexcept {
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
      ends = {-1, -1};
    }
  }

  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) {
        ::close(end);
      }
    }
  }

  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  std::array<int, 2> ends{};
};

bool canSplice() noexcept {
  const Pipe from;
  const Pipe to;
  return ::write(from.ends[1], "x", 1) == 1 &&
         ::splice(from.ends[0], nullptr, to.ends[1], nullptr, 1, SPLICE_F_NONBLOCK) == 1;
}

bool canResizePipe() noexcept {
  constexpr int kBytes = 1 << 20;
  const Pipe pipe;
  return ::fcntl(pipe.ends[0], F_SETPIPE_SZ, kBytes) >= kBytes;
}

bool hasIpv6() noexcept {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return false;
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return bound;
}

}  // namespace

KernelFeatures probeKernel() {
  utsname name{};
  ::uname(&name);
  return {.release = name.release,
          .splice = canSplice(),
          .pipeResize = canResizePipe(),
          .ipv6 = hasIpv6()};
}

}  // namespace weft::os
