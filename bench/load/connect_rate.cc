// Connections that come and go: connect, one byte each way, close, a fixed number under way at
// once. The server closes first, so that the sockets that wait in TIME_WAIT hold no local port of a
// connecting side and ports do not run out. Latency is from connect() to the byte that came back.
//   client connect-rate --to ADDR [--connections 16] [--seconds 2] [--warmup 0.2] [--tree PID]

#include <cerrno>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

namespace weft::bench {

namespace {

struct Attempt {
  int fd = -1;
  uint64_t startNs = 0;
  bool sent = false;
  bool answered = false;
};

class ConnectRate {
 public:
  explicit ConnectRate(const Options& options)
      : target_(parseAddress(options.text("to"))), attempts_(options.count("connections", 16)) {}

  void run(Window& window, Histogram& latency) {
    for (size_t i = 0; i < attempts_.size(); ++i) {
      start(i);
    }
    for (uint64_t now = nowNs(); !window.over(now); now = nowNs()) {
      const auto events = poller_.wait(kPatienceMs * uint64_t{1'000'000});
      if (events.empty()) {
        die("connect-rate: nothing happened for 10 s");
      }
      for (const auto& event : events) {
        Attempt& attempt = attempts_[event.data.u64];
        const uint64_t startNs = attempt.startNs;
        if (!step(attempt, window, latency)) {
          continue;
        }
        window.open(nowNs());
        finishedCount_ += startNs >= window.startNs() ? 1 : 0;
        start(event.data.u64);
      }
    }
    window.close();
  }

  uint64_t finishedCount() const { return finishedCount_; }

  uint64_t failedCount() const { return failedCount_; }

 private:
  void start(size_t index) {
    Attempt& attempt = attempts_[index];
    attempt = {.startNs = nowNs()};
    attempt.fd = startConnect(target_);
    if (attempt.fd < 0) {
      dieErrno("connect-rate: connecting");
    }
    trySend(attempt);
    poller_.add(attempt.fd, index, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }

  // On loopback the connection is usually there when connect() returns.
  static void trySend(Attempt& attempt) {
    const char byte = 'w';
    attempt.sent = send(attempt.fd, &byte, 1, MSG_NOSIGNAL) == 1;
  }

  // True when this connection has ended, well or badly.
  bool step(Attempt& attempt, const Window& window, Histogram& latency) {
    if (!attempt.sent) {
      trySend(attempt);
    }
    for (;;) {
      char bytes[8];
      const ssize_t n = recv(attempt.fd, bytes, sizeof bytes, 0);
      if (n < 0 && errno == EAGAIN) {
        return false;
      }
      if (n > 0) {
        attempt.answered = true;
        if (attempt.startNs >= window.startNs()) {
          latency.record(nowNs() - attempt.startNs);
        }
        continue;
      }
      failedCount_ += n < 0 || !attempt.answered ? 1 : 0;
      close(attempt.fd);
      return true;
    }
  }

  const SocketAddress target_;
  Poller poller_;
  std::vector<Attempt> attempts_;
  uint64_t finishedCount_ = 0;
  uint64_t failedCount_ = 0;
};

}  // namespace

int runConnectRate(const Options& options) {
  ConnectRate load(options);
  Window window(options);
  Histogram latency;
  load.run(window, latency);
  JsonLine line;
  line.addWindow(window, load.finishedCount());
  line.add("failed", load.failedCount());
  line.addLatency(latency);
  line.print();
  return load.failedCount() == 0 ? 0 : 1;
}

}  // namespace weft::bench
