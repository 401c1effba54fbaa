// Sockets and clock for the load programs, which are not part of the proxy and link nothing of it.
// Everything is IPv4 or IPv6 on this machine; a failure that leaves nothing to measure ends the
// program with a sentence on stderr.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <time.h>

namespace weft::bench {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  int family() const { return storage.ss_family; }
};

// Prints "load: <message>" and exits with 1.
[[noreturn]] void die(const std::string& message);
// The same, with what errno says.
[[noreturn]] void dieErrno(const std::string& what);

// "127.0.0.1:80" or "[::1]:80".
SocketAddress parseAddress(std::string_view text);
// The address and port that a socket is bound to, as parseAddress reads it.
std::string boundAddress(int fd);

// A listening, non-blocking socket with TCP_NODELAY, which accepted sockets inherit.
int listenOn(const SocketAddress& address);
// Non-blocking, TCP_NODELAY set; the connection may not be established yet. -1 when it failed.
int startConnect(const SocketAddress& address);
// Waits at most `timeoutMs` for the connection; ends the program when there is none.
int connectOrDie(const SocketAddress& address, int timeoutMs);

void raiseDescriptorLimit();
// Timers fire when asked, not up to 50 us later to save wake-ups.
void useExactTimers();
// This process and what it starts from now on run on one CPU only.
void pinTo(int cpu);

inline uint64_t nowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace weft::bench
