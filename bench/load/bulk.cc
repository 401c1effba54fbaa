// Streams as fast as they go. Up: the client sends the pattern to a sink, ends with FIN and
// compares the sink's count with its own, so that every measured run also proves half-close and
// that no byte was lost. Down: the client reads from a source and compares bytes with the pattern
// if asked to.
//   client bulk --to ADDR [--direction up|down] [--connections 1] [--seconds 2] [--warmup 0.2]
//               [--bytes N for each stream instead of a time] [--check 1] [--tree PID]

#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "pattern.h"

namespace weft::bench {

namespace {

struct Stream {
  int fd = -1;
  uint64_t bytes = 0;
};

class Bulk {
 public:
  explicit Bulk(const Options& options)
      : up_(!options.has("direction") || options.text("direction") == "up"),
        check_(options.number("check", 0) != 0),
        bytesMax_(static_cast<uint64_t>(options.number("bytes", 0))) {
    const SocketAddress target = parseAddress(options.text("to"));
    streams_.resize(options.count("connections", 1));
    for (size_t i = 0; i < streams_.size(); ++i) {
      streams_[i].fd = connectOrDie(target, kPatienceMs);
      poller_.add(streams_[i].fd, i, up_ ? EPOLLOUT : EPOLLIN);
    }
  }

  // Returns the bytes moved inside the window.
  uint64_t run(Window& window) {
    uint64_t before = 0;
    bool opened = false;
    for (uint64_t now = nowNs(); !finished(window, now); now = nowNs()) {
      if (!opened && window.open(now)) {
        opened = true;
        before = total();
      }
      const auto events = poller_.wait(kPatienceMs * uint64_t{1'000'000});
      if (events.empty()) {
        die("bulk: nothing moved for 10 s");
      }
      for (const auto& event : events) {
        Stream& stream = streams_[event.data.u64];
        up_ ? sendSome(stream) : receiveSome(stream);
      }
    }
    window.close();
    return total() - before;
  }

  // Ends the streams; up, waits for the sink's verdict. Returns the number of wrong streams.
  uint64_t finish() {
    uint64_t wrongCount = wrongChunkCount_;
    for (auto& stream : streams_) {
      if (up_ && !verdictMatches(stream)) {
        ++wrongCount;
      }
      close(stream.fd);
    }
    return wrongCount;
  }

  uint64_t total() const {
    uint64_t sum = 0;
    for (const auto& stream : streams_) {
      sum += stream.bytes;
    }
    return sum;
  }

 private:
  bool finished(const Window& window, uint64_t now) const {
    return bytesMax_ > 0 ? total() >= bytesMax_ * streams_.size() : window.over(now);
  }

  void sendSome(Stream& stream) {
    const uint64_t left = bytesMax_ > 0 ? bytesMax_ - stream.bytes : Pattern::kChunkBytes;
    const size_t length =
        left < Pattern::kChunkBytes ? static_cast<size_t>(left) : Pattern::kChunkBytes;
    const ssize_t n = send(stream.fd, pattern_.at(stream.bytes), length, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
      dieErrno("bulk: sending");
    }
    stream.bytes += n < 0 ? 0 : static_cast<uint64_t>(n);
    if (bytesMax_ > 0 && stream.bytes == bytesMax_) {
      poller_.remove(stream.fd);
    }
  }

  void receiveSome(Stream& stream) {
    const ssize_t n = recv(stream.fd, buffer_.data(), buffer_.size(), 0);
    if (n == 0) {
      die("bulk: the source closed the connection");
    }
    if (n < 0) {
      if (errno != EAGAIN) {
        dieErrno("bulk: receiving");
      }
      return;
    }
    if (check_ && !pattern_.matches(stream.bytes, buffer_.data(), static_cast<size_t>(n))) {
      ++wrongChunkCount_;
    }
    stream.bytes += static_cast<uint64_t>(n);
  }

  bool verdictMatches(Stream& stream) const {
    shutdown(stream.fd, SHUT_WR);
    SinkVerdict verdict;
    const timeval patience{.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
    setsockopt(stream.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    fcntl(stream.fd, F_SETFL, 0);  // blocking, so that the timeout holds
    const ssize_t n = recv(stream.fd, &verdict, sizeof verdict, MSG_WAITALL);
    return n == static_cast<ssize_t>(sizeof verdict) && verdict.byteCount == stream.bytes &&
           verdict.wrongChunkCount == 0;
  }

  Poller poller_;
  std::vector<Stream> streams_;
  const bool up_;
  const bool check_;
  const uint64_t bytesMax_;
  uint64_t wrongChunkCount_ = 0;
  const Pattern pattern_;
  std::vector<unsigned char> buffer_ = std::vector<unsigned char>(Pattern::kChunkBytes);
};

}  // namespace

int runBulk(const Options& options) {
  Bulk load(options);
  Window window(options);
  const uint64_t bytes = load.run(window);
  const uint64_t wrongCount = load.finish();
  JsonLine line;
  line.addWindow(window, bytes);
  line.add("bytesSent", load.total());
  line.add("wrongStreams", wrongCount);
  line.print();
  return wrongCount == 0 ? 0 : 1;
}

}  // namespace weft::bench
