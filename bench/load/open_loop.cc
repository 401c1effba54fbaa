// Open loop: messages leave at a constant rate, whatever the answers do, and latency counts from
// the moment at which a message was meant to leave. A stall of the server or the proxy is therefore
// seen by every message that it delayed (no coordinated omission). How late this program itself was
// in sending is reported beside it, as lag.
//   client open-loop --to ADDR --rate MESSAGES_PER_SECOND [--connections 16] [--size 64]
//                    [--seconds 2] [--warmup 0.2] [--tree PID]

#include <cerrno>
#include <vector>

#include <sys/socket.h>

#include "client.h"

namespace weft::bench {

namespace {

// Messages of one connection whose echo is not there yet, by the time they were meant to leave.
class IntendedTimes {
 public:
  void push(uint64_t ns) { times_.push_back(ns); }

  uint64_t pop() {
    const uint64_t ns = times_[first_++];
    if (first_ == times_.size()) {
      times_.clear();
      first_ = 0;
    }
    return ns;
  }

 private:
  std::vector<uint64_t> times_;
  size_t first_ = 0;
};

struct Lane {
  int fd = -1;
  size_t unsentBytes = 0;    // of messages that are due but did not fit the socket
  size_t receivedBytes = 0;  // of the echo that is arriving
  IntendedTimes waiting;
};

class OpenLoop {
 public:
  explicit OpenLoop(const Options& options)
      : intervalNs_(1e9 / options.number("rate", 1000)),
        size_(options.count("size", 64)),
        bytes_(size_t{64} * 1024, 0x57),
        buffer_(size_t{64} * 1024) {
    const SocketAddress target = parseAddress(options.text("to"));
    lanes_.resize(options.count("connections", 16));
    for (size_t i = 0; i < lanes_.size(); ++i) {
      lanes_[i].fd = connectOrDie(target, kPatienceMs);
      poller_.add(lanes_[i].fd, i, EPOLLIN | EPOLLOUT | EPOLLET);
    }
  }

  void run(Window& window) {
    const uint64_t beginNs = nowNs();
    for (uint64_t now = beginNs; !window.over(now); now = nowNs()) {
      window.open(now);
      uint64_t dueNs = dueAt(beginNs);
      for (; dueNs <= now; dueNs = dueAt(beginNs)) {
        sendNext(dueNs, window);
      }
      serveEvents(dueNs > now ? dueNs - now : 0, window);
    }
    window.close();
    collectLateEchoes(window);
  }

  const Histogram& latency() const { return latency_; }

  const Histogram& lag() const { return lag_; }

  uint64_t answeredInTime() const { return answeredInTime_; }

  uint64_t unansweredCount() const { return sentCount_ - answeredCount_; }

 private:
  // When message number `sentCount_` is to leave: from the beginning, so that no error adds up.
  uint64_t dueAt(uint64_t beginNs) const {
    return beginNs + static_cast<uint64_t>(static_cast<double>(sentCount_) * intervalNs_);
  }

  void sendNext(uint64_t dueNs, const Window& window) {
    Lane& lane = lanes_[sentCount_ % lanes_.size()];
    ++sentCount_;
    lane.waiting.push(dueNs);
    lane.unsentBytes += size_;
    flush(lane);
    if (dueNs >= window.startNs()) {
      lag_.record(nowNs() - dueNs);
    }
  }

  void flush(Lane& lane) {
    while (lane.unsentBytes > 0) {
      const size_t length = lane.unsentBytes < bytes_.size() ? lane.unsentBytes : bytes_.size();
      const ssize_t n = send(lane.fd, bytes_.data(), length, MSG_NOSIGNAL);
      if (n < 0) {
        if (errno == EAGAIN) {
          return;
        }
        dieErrno("open-loop: sending");
      }
      lane.unsentBytes -= static_cast<size_t>(n);
    }
  }

  void serveEvents(uint64_t timeoutNs, const Window& window) {
    for (const auto& event : poller_.wait(timeoutNs)) {
      Lane& lane = lanes_[event.data.u64];
      flush(lane);
      receive(lane, window);
    }
  }

  void receive(Lane& lane, const Window& window) {
    for (;;) {
      const ssize_t n = recv(lane.fd, buffer_.data(), buffer_.size(), 0);
      if (n == 0) {
        die("open-loop: the connection was closed");
      }
      if (n < 0) {
        if (errno == EAGAIN) {
          return;
        }
        dieErrno("open-loop: receiving");
      }
      const uint64_t now = nowNs();
      lane.receivedBytes += static_cast<size_t>(n);
      for (; lane.receivedBytes >= size_; lane.receivedBytes -= size_) {
        ++answeredCount_;
        record(lane.waiting.pop(), now, window);
      }
      if (static_cast<size_t>(n) < buffer_.size()) {
        return;
      }
    }
  }

  void record(uint64_t intendedNs, uint64_t now, const Window& window) {
    if (intendedNs >= window.startNs()) {
      latency_.record(now - intendedNs);
      answeredInTime_ += window.over(now) ? 0 : 1;
    }
  }

  // Messages that left before the end and are answered after it count with their full latency.
  void collectLateEchoes(const Window& window) {
    const uint64_t patienceNs = uint64_t{5'000'000'000};
    while (unansweredCount() > 0 && nowNs() < window.endNs() + patienceNs) {
      serveEvents(10'000'000, window);
    }
  }

  const double intervalNs_;
  const size_t size_;
  Poller poller_;
  std::vector<Lane> lanes_;
  uint64_t sentCount_ = 0;
  uint64_t answeredCount_ = 0;
  uint64_t answeredInTime_ = 0;
  Histogram latency_;
  Histogram lag_;
  const std::vector<char> bytes_;
  std::vector<char> buffer_;
};

}  // namespace

int runOpenLoop(const Options& options) {
  OpenLoop load(options);
  Window window(options);
  load.run(window);
  JsonLine line;
  line.addWindow(window, load.answeredInTime());
  line.add("unanswered", load.unansweredCount());
  line.addLatency(load.latency());
  line.addLatency(load.lag(), "lag");
  line.print();
  return load.unansweredCount() == 0 ? 0 : 1;
}

}  // namespace weft::bench
