// Open loop of HTTP/1.1 requests: each has a time at which it is meant to leave, fixed before the
// first one does, and its latency counts from then. It takes the connection that has been idle for
// longest; when none is idle it waits, and its latency grows (no coordinated omission). A
// connection that the proxy closes is opened again.
//   client http-open-loop --to ADDR --rate REQUESTS_PER_SECOND [--connections 50] [--path /]
//                         [--seconds 2] [--warmup 0.2] [--patience 5] [--tree PID]
// Prints, of the measured time: arrivals, units (answered with 2xx), refused (503, 429, 502),
// otherStatus, failed (the connection broke), unanswered (nothing came within the patience); the
// latency of what was answered with 2xx or not at all, of what was refused, and the lag of this
// program.

#include <algorithm>
#include <cerrno>
#include <deque>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "http_reader.h"

namespace weft::bench {

namespace {

enum class Phase { Connecting, Idle, Busy };

struct Lane {
  int fd = -1;
  Phase phase = Phase::Connecting;
  bool listed = false;      // among the idle ones, perhaps since before it was opened again
  uint64_t intendedNs = 0;  // of the request that it carries
  size_t sentBytes = 0;
  HttpReader response;
};

struct Counts {
  uint64_t arrivals = 0;
  uint64_t answered = 0;
  uint64_t refused = 0;
  uint64_t otherStatus = 0;
  uint64_t failed = 0;
  uint64_t unanswered = 0;
};

class HttpOpenLoop {
 public:
  explicit HttpOpenLoop(const Options& options)
      : target_(parseAddress(options.text("to"))),
        intervalNs_(1e9 / options.number("rate", 1000)),
        patienceNs_(secondsToNs(options.number("patience", 5))),
        request_("GET " + (options.has("path") ? options.text("path") : "/") +
                 " HTTP/1.1\r\nHost: " + options.text("to") + "\r\n\r\n"),
        buffer_(size_t{64} * 1024) {
    lanes_.resize(options.count("connections", 50));
    for (size_t i = 0; i < lanes_.size(); ++i) {
      lanes_[i].fd = connectOrDie(target_, kPatienceMs);
      poller_.add(lanes_[i].fd, i, kEvents);
      becomeIdle(i);
    }
  }

  void run(Window& window) {
    const uint64_t beginNs = nowNs();
    for (uint64_t now = beginNs; !window.over(now); now = nowNs()) {
      window.open(now);
      uint64_t dueNs = dueAt(beginNs);
      for (; dueNs <= now; dueNs = dueAt(beginNs)) {
        arrive(dueNs, window);
      }
      sendDue(window);
      serveEvents(dueNs > now ? dueNs - now : 0, window);
    }
    window.close();
    collectLateAnswers(window);
  }

  const Counts& counts() const { return counts_; }

  const Histogram& latency() const { return latency_; }

  const Histogram& refusedLatency() const { return refusedLatency_; }

  const Histogram& lag() const { return lag_; }

 private:
  static constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLET;

  // When the next request is to arrive: from the beginning, so that no error adds up.
  uint64_t dueAt(uint64_t beginNs) const {
    return beginNs + static_cast<uint64_t>(static_cast<double>(arrivedCount_) * intervalNs_);
  }

  void arrive(uint64_t dueNs, const Window& window) {
    ++arrivedCount_;
    due_.push_back(dueNs);
    if (dueNs >= window.startNs()) {
      ++counts_.arrivals;
      lag_.record(nowNs() - dueNs);
    }
  }

  void becomeIdle(size_t index) {
    Lane& lane = lanes_[index];
    lane.phase = Phase::Idle;
    if (!lane.listed) {
      lane.listed = true;
      idle_.push_back(index);
    }
  }

  void sendDue(const Window& window) {
    while (!due_.empty() && !idle_.empty()) {
      const size_t index = idle_.front();
      Lane& lane = lanes_[index];
      idle_.pop_front();
      lane.listed = false;
      if (lane.phase != Phase::Idle) {
        continue;
      }
      lane.phase = Phase::Busy;
      lane.intendedNs = due_.front();
      lane.sentBytes = 0;
      due_.pop_front();
      if (!flush(lane)) {
        reopen(index, window);
      }
    }
  }

  // False when the connection is broken.
  bool flush(Lane& lane) const {
    const size_t missing = request_.size() - lane.sentBytes;
    if (missing == 0) {
      return true;
    }
    const ssize_t n = send(lane.fd, request_.data() + lane.sentBytes, missing, MSG_NOSIGNAL);
    lane.sentBytes += n > 0 ? static_cast<size_t>(n) : 0;
    return n >= 0 || errno == EAGAIN;
  }

  void serveEvents(uint64_t timeoutNs, const Window& window) {
    for (const auto& event : poller_.wait(timeoutNs)) {
      const auto index = static_cast<size_t>(event.data.u64);
      Lane& lane = lanes_[index];
      const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
      if (lane.phase == Phase::Connecting && !broken && (event.events & EPOLLOUT) != 0) {
        becomeIdle(index);
      }
      const bool sent = lane.phase != Phase::Busy || flush(lane);
      if (!sent || !receive(index, window)) {
        reopen(index, window);
      }
    }
    sendDue(window);
  }

  // False when the connection is over.
  bool receive(size_t index, const Window& window) {
    Lane& lane = lanes_[index];
    for (;;) {
      const ssize_t n = recv(lane.fd, buffer_.data(), buffer_.size(), 0);
      if (n <= 0) {
        return n < 0 && errno == EAGAIN;
      }
      const std::string_view bytes(buffer_.data(), static_cast<size_t>(n));
      if (lane.phase != Phase::Busy || lane.response.feed(bytes) < bytes.size() ||
          lane.response.broken()) {
        return false;
      }
      if (lane.response.complete()) {
        const bool closes = lane.response.closes();
        record(lane, window);
        lane.response.restart();
        becomeIdle(index);
        if (closes) {
          return false;
        }
      }
    }
  }

  void record(const Lane& lane, const Window& window) {
    const uint64_t now = nowNs();
    const int status = lane.response.status();
    const bool answered = status >= 200 && status < 300;
    const bool refused = status == 503 || status == 429 || status == 502;
    if (now >= window.startNs() && !window.over(now)) {
      ++(answered ? counts_.answered : refused ? counts_.refused : counts_.otherStatus);
    }
    if (lane.intendedNs >= window.startNs() && (answered || refused)) {
      (answered ? latency_ : refusedLatency_).record(now - lane.intendedNs);
    }
  }

  void reopen(size_t index, const Window& window) {
    Lane& lane = lanes_[index];
    if (lane.phase == Phase::Busy && lane.intendedNs >= window.startNs()) {
      ++counts_.failed;
    }
    close(lane.fd);
    lane.phase = Phase::Connecting;
    lane.response.restart();
    lane.fd = startConnect(target_);
    if (lane.fd < 0) {
      dieErrno("http-open-loop: connecting again");
    }
    poller_.add(lane.fd, index, kEvents);
  }

  // What arrived before the end and is answered after it counts with its full latency; what is not
  // answered in the time of the patience, with what it has waited by then.
  void collectLateAnswers(const Window& window) {
    const auto isBusy = [](const Lane& lane) { return lane.phase == Phase::Busy; };
    while ((!due_.empty() || std::ranges::any_of(lanes_, isBusy)) &&
           nowNs() < window.endNs() + patienceNs_) {
      serveEvents(10'000'000, window);
    }
    for (const Lane& lane : lanes_) {
      if (isBusy(lane)) {
        due_.push_back(lane.intendedNs);
      }
    }
    for (const uint64_t intendedNs : due_) {
      if (intendedNs >= window.startNs()) {
        ++counts_.unanswered;
        latency_.record(nowNs() - intendedNs);
      }
    }
  }

  const SocketAddress target_;
  const double intervalNs_;
  const uint64_t patienceNs_;
  const std::string request_;
  Poller poller_;
  std::vector<Lane> lanes_;
  std::deque<size_t> idle_;   // the one that has been idle for longest first
  std::deque<uint64_t> due_;  // intended times of what no connection was free for
  uint64_t arrivedCount_ = 0;
  Counts counts_;
  Histogram latency_;
  Histogram refusedLatency_;
  Histogram lag_;
  std::vector<char> buffer_;
};

}  // namespace

int runHttpOpenLoop(const Options& options) {
  HttpOpenLoop load(options);
  Window window(options);
  load.run(window);
  const Counts& counts = load.counts();
  JsonLine line;
  line.addWindow(window, counts.answered);
  line.add("arrivals", counts.arrivals);
  line.add("refused", counts.refused);
  line.add("otherStatus", counts.otherStatus);
  line.add("failed", counts.failed);
  line.add("unanswered", counts.unanswered);
  line.addLatency(load.latency());
  line.addLatency(load.refusedLatency(), "refused");
  line.addLatency(load.lag(), "lag");
  line.print();
  return 0;
}

}  // namespace weft::bench
