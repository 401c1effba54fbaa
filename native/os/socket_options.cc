#include "os/socket_options.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "os/sockets.h"

namespace weft::os {

namespace {

void setInt(int fd, int level, int name, int value) noexcept {
  static_cast<void>(setsockopt(fd, level, name, &value, sizeof(value)));
}

int wholeSeconds(base::Duration duration) noexcept {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
  return static_cast<int>(
      std::clamp<std::int64_t>(seconds, 1, 32767));  // The kernel's MAX_TCP_KEEPIDLE.
}

}  // namespace

void applyStreamOptions(int fd, const StreamOptions& options) noexcept {
  setInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  // RFC 6093: urgent data is read in its place, so that no byte of the stream is lost.
  setInt(fd, SOL_SOCKET, SO_OOBINLINE, 1);
  const bool keepalive = options.keepalive.probesMax > 0;
  setInt(fd, SOL_SOCKET, SO_KEEPALIVE, keepalive ? 1 : 0);
  if (keepalive) {
    setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, wholeSeconds(options.keepalive.idle));
    setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, wholeSeconds(options.keepalive.interval));
    setInt(fd, IPPROTO_TCP, TCP_KEEPCNT,
           static_cast<int>(std::min<std::uint32_t>(options.keepalive.probesMax, 127)));
  }
  const auto userTimeoutMs =
      std::chrono::duration_cast<std::chrono::milliseconds>(options.userTimeout).count();
  setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
         static_cast<int>(std::clamp<std::int64_t>(userTimeoutMs, 0, INT32_MAX)));
}

void allowAddressReuse(int fd) noexcept {
  setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

void setIpv6Only(int fd, bool ipv6Only) noexcept {
  setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, ipv6Only ? 1 : 0);
}

bool isUnixSocket(int fd) noexcept {
  int domain = AF_UNSPEC;
  socklen_t length = sizeof(domain);
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX;
}

void dropHandshakes(int fd) noexcept {
  constexpr std::uint32_t kFlagsAt = 13;
  constexpr std::uint32_t kSyn = 0x02;
  constexpr std::uint32_t kAck = 0x10;
  constexpr std::uint32_t kWhole = ~0U;
  std::array<sock_filter, 5> statements = {{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlagsAt),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSyn | kAck),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, kWhole),
  }};
  const sock_fprog program{.len = static_cast<unsigned short>(statements.size()),
                           .filter = statements.data()};
  static_cast<void>(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

void lingerZero(int fd) noexcept {
  const linger zero{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(setsockopt(fd, SOL_SOCKET, SO_LINGER, &zero, sizeof(zero)));
}

}  // namespace weft::os
