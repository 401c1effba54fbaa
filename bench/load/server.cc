// The servers behind the proxies: one process, one thread, one port for each kind of work.
//   server --echo ADDR --sink ADDR --check ADDR --source ADDR --reply-close ADDR
//          [--stall-every-ms N --stall-ms M]
// Kinds: echo sends back what came; sink counts bytes and answers with the count after FIN; check
// does so and compares them with the pattern; source sends the pattern until the client leaves;
// reply-close answers the first byte with one byte and closes. Prints the bound addresses as one
// JSON line. The stall options stop the whole server for M ms every N ms, for the self-test of the
// latency generator. Runs until it is killed.

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "options.h"
#include "pattern.h"

namespace weft::bench {

namespace {

enum class Kind { Echo, Sink, Check, Source, ReplyClose };

struct KindName {
  Kind kind;
  const char* name;
};

constexpr KindName kKinds[] = {{Kind::Echo, "echo"},
                               {Kind::Sink, "sink"},
                               {Kind::Check, "check"},
                               {Kind::Source, "source"},
                               {Kind::ReplyClose, "reply-close"}};

struct Peer {
  int fd = -1;
  Kind kind = Kind::Echo;
  bool listening = false;
  bool readable = false;
  bool hangup = false;
  SinkVerdict received;
  uint64_t sent = 0;
  std::vector<unsigned char> unsent;  // what an echo could not write yet
};

class Server {
 public:
  explicit Server(const Options& options)
      : stallEveryNs_(secondsToNs(options.number("stall-every-ms", 0) / 1e3)),
        stallNs_(secondsToNs(options.number("stall-ms", 0) / 1e3)),
        nextStallNs_(nowNs() + stallEveryNs_) {
    std::string line;
    for (const auto& [kind, name] : kKinds) {
      if (options.has(name)) {
        const int fd = listenOn(parseAddress(options.text(name)));
        add(fd, kind, EPOLLIN).listening = true;
        line +=
            (line.empty() ? "\"" : ",\"") + std::string(name) + "\":\"" + boundAddress(fd) + "\"";
      }
    }
    std::printf("{%s}\n", line.c_str());
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      stallWhenDue();
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        serve(*peers_[static_cast<size_t>(event.data.fd)], event.events);
      }
    }
  }

 private:
  Peer& add(int fd, Kind kind, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
      dieErrno("epoll_ctl");
    }
    const auto index = static_cast<size_t>(fd);
    if (peers_.size() <= index) {
      peers_.resize(index + 1);
    }
    peers_[index] = std::make_unique<Peer>();
    peers_[index]->fd = fd;
    peers_[index]->kind = kind;
    return *peers_[index];
  }

  void stallWhenDue() {
    if (stallEveryNs_ == 0 || nowNs() < nextStallNs_) {
      return;
    }
    usleep(static_cast<useconds_t>(stallNs_ / 1000));
    nextStallNs_ = nowNs() + stallEveryNs_;
  }

  void serve(Peer& peer, uint32_t events) {
    if (peer.listening) {
      const int fd = accept4(peer.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        add(fd, peer.kind, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
      }
      return;
    }
    if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) {
      peer.readable = true;
      peer.hangup = peer.hangup || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    }
    if (!handle(peer)) {
      const int fd = peer.fd;
      peers_[static_cast<size_t>(fd)].reset();
      close(fd);
    }
  }

  // Each returns false when the connection is to be closed.
  bool handle(Peer& peer) {
    switch (peer.kind) {
      case Kind::Echo:
        return echo(peer);
      case Kind::Sink:
      case Kind::Check:
        return sink(peer);
      case Kind::Source:
        return source(peer);
      case Kind::ReplyClose:
        return replyClose(peer);
    }
    return false;
  }

  enum class ReadState { Bytes, WouldBlock, Ended };

  // Reads once into the shared buffer, which the next read overwrites.
  ReadState read(Peer& peer, std::span<unsigned char>& bytes) {
    const ssize_t n = recv(peer.fd, buffer_.data(), buffer_.size(), 0);
    if (n > 0) {
      bytes = std::span(buffer_).first(static_cast<size_t>(n));
      peer.readable = bytes.size() == buffer_.size() || peer.hangup;
      return ReadState::Bytes;
    }
    peer.readable = false;
    return n < 0 && errno == EAGAIN ? ReadState::WouldBlock : ReadState::Ended;
  }

  bool echo(Peer& peer) {
    if (!peer.unsent.empty()) {
      const ssize_t n = send(peer.fd, peer.unsent.data(), peer.unsent.size(), MSG_NOSIGNAL);
      if (n < 0) {
        return errno == EAGAIN;
      }
      peer.unsent.erase(peer.unsent.begin(), peer.unsent.begin() + n);
    }
    while (peer.readable && peer.unsent.empty()) {
      std::span<unsigned char> bytes;
      const ReadState state = read(peer, bytes);
      if (state != ReadState::Bytes) {
        return state == ReadState::WouldBlock;
      }
      const ssize_t n = send(peer.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN) {
        return false;
      }
      const size_t written = n < 0 ? 0 : static_cast<size_t>(n);
      peer.unsent.assign(bytes.begin() + static_cast<ptrdiff_t>(written), bytes.end());
    }
    return true;
  }

  bool sink(Peer& peer) {
    while (peer.readable) {
      std::span<unsigned char> bytes;
      const ReadState state = read(peer, bytes);
      if (state == ReadState::WouldBlock) {
        return true;
      }
      if (state == ReadState::Ended) {
        send(peer.fd, &peer.received, sizeof peer.received, MSG_NOSIGNAL);
        return false;
      }
      if (peer.kind == Kind::Check &&
          !pattern_.matches(peer.received.byteCount, bytes.data(), bytes.size())) {
        ++peer.received.wrongChunkCount;
      }
      peer.received.byteCount += bytes.size();
    }
    return true;
  }

  bool source(Peer& peer) {
    if (peer.hangup) {
      return false;
    }
    for (;;) {
      const ssize_t n = send(peer.fd, pattern_.at(peer.sent), Pattern::kChunkBytes, MSG_NOSIGNAL);
      if (n < 0) {
        return errno == EAGAIN;
      }
      peer.sent += static_cast<uint64_t>(n);
      if (static_cast<size_t>(n) < Pattern::kChunkBytes) {
        return true;
      }
    }
  }

  bool replyClose(Peer& peer) {
    std::span<unsigned char> bytes;
    if (!peer.readable) {
      return true;
    }
    const ReadState state = read(peer, bytes);
    if (state == ReadState::Bytes) {
      send(peer.fd, bytes.data(), 1, MSG_NOSIGNAL);
    }
    return state == ReadState::WouldBlock;
  }

  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  const uint64_t stallEveryNs_;
  const uint64_t stallNs_;
  uint64_t nextStallNs_;
  const Pattern pattern_;
  std::vector<std::unique_ptr<Peer>> peers_;  // by descriptor
  std::vector<unsigned char> buffer_ = std::vector<unsigned char>(Pattern::kChunkBytes);
};

}  // namespace

}  // namespace weft::bench

int main(int argc, char** argv) {
  using namespace weft::bench;
  raiseDescriptorLimit();
  Server(Options(argc, argv, 1)).run();
}
