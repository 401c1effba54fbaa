// Connections that say one thing and then nothing. Opens them in steps, prints a line when a step
// is reached (each connection has had one 64-byte echo), and waits for a byte on stdin before the
// next.
//   client idle --to ADDR --steps 1000,8000

#include <array>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

namespace weft::bench {

namespace {

int openEchoed(const SocketAddress& target) {
  const int fd = connectOrDie(target, kPatienceMs);
  std::array<char, 64> bytes{};
  if (send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    dieErrno("idle: sending");
  }
  size_t received = 0;
  while (received < bytes.size()) {
    pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, kPatienceMs) != 1) {
      die("idle: no echo for 10 s");
    }
    const ssize_t n = recv(fd, bytes.data(), bytes.size(), 0);
    if (n <= 0) {
      die("idle: the connection was closed");
    }
    received += static_cast<size_t>(n);
  }
  return fd;
}

}  // namespace

int runIdle(const Options& options) {
  const SocketAddress target = parseAddress(options.text("to"));
  const std::string steps = options.text("steps");
  std::vector<int> open;
  for (size_t at = 0; at < steps.size();) {
    size_t end = steps.find(',', at);
    end = end == std::string::npos ? steps.size() : end;
    const size_t wanted = std::stoul(steps.substr(at, end - at));
    while (open.size() < wanted) {
      open.push_back(openEchoed(target));
    }
    JsonLine line;
    line.add("connections", uint64_t{open.size()});
    line.print();
    char go = 0;
    if (read(STDIN_FILENO, &go, 1) != 1) {
      return 0;
    }
    at = end + 1;
  }
  return 0;
}

}  // namespace weft::bench
