// Closed loop: each connection sends a message, waits for its echo, and sends the next.
//   client ping-pong --to ADDR [--connections 50] [--size 64] [--seconds 2] [--warmup 0.2]
//                    [--tree PID]

#include <cerrno>
#include <vector>

#include <sys/socket.h>

#include "client.h"

namespace weft::bench {

namespace {

struct Echoing {
  int fd = -1;
  size_t missing = 0;
  uint64_t sentNs = 0;
};

class PingPong {
 public:
  explicit PingPong(const Options& options)
      : message_(options.count("size", 64), 0x57), buffer_(message_.size()) {
    const SocketAddress target = parseAddress(options.text("to"));
    connections_.resize(options.count("connections", 50));
    for (size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].fd = connectOrDie(target, kPatienceMs);
      poller_.add(connections_[i].fd, i, EPOLLIN);
    }
  }

  void run(Window& window, Histogram& latency) {
    for (auto& connection : connections_) {
      ping(connection, nowNs());
    }
    for (uint64_t now = nowNs(); !window.over(now);) {
      const auto events = poller_.wait(kPatienceMs * uint64_t{1'000'000});
      if (events.empty()) {
        die("ping-pong: no echo for 10 s");
      }
      for (const auto& event : events) {
        Echoing& connection = connections_[event.data.u64];
        if (receive(connection)) {
          now = nowNs();
          if (window.open(now) && connection.sentNs >= window.startNs()) {
            latency.record(now - connection.sentNs);
          }
          ping(connection, now);
        }
      }
    }
    window.close();
  }

 private:
  void ping(Echoing& connection, uint64_t now) {
    connection.missing = message_.size();
    connection.sentNs = now;
    if (send(connection.fd, message_.data(), message_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(message_.size())) {
      dieErrno("ping-pong: sending");
    }
  }

  // True when the whole echo is there.
  bool receive(Echoing& connection) {
    const ssize_t n = recv(connection.fd, buffer_.data(), connection.missing, 0);
    if (n == 0) {
      die("ping-pong: the connection was closed");
    }
    if (n < 0) {
      if (errno == EAGAIN) {
        return false;
      }
      dieErrno("ping-pong: receiving");
    }
    connection.missing -= static_cast<size_t>(n);
    return connection.missing == 0;
  }

  Poller poller_;
  std::vector<Echoing> connections_;
  const std::vector<char> message_;
  std::vector<char> buffer_;
};

}  // namespace

int runPingPong(const Options& options) {
  PingPong load(options);
  Window window(options);
  Histogram latency;
  load.run(window, latency);
  JsonLine line;
  line.addWindow(window, latency.count());
  line.addLatency(latency);
  line.print();
  return 0;
}

}  // namespace weft::bench
