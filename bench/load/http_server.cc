// Endpoints for HTTP/1.1 whose time to answer is known: one process, one thread, any number of
// them.
//   http-server --listen ADDR[,ADDR...] [--service-us N[,N...]] [--slots N]
//               [--stall-every-ms N --stall-ms M]
// An endpoint serves a request for its service time, `slots` requests at once (0: any number); more
// wait in the order in which they came. So its capacity is slots / service time, whatever the
// machine. GET is answered with 12 bytes, anything else with its own body: with a length, or in
// chunks when its path is /chunked; what is sent to /service-us becomes the service time of that
// endpoint from then on. The stall options stop the whole process for M ms every N ms.
// Runs until it is killed.

#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "http_reader.h"
#include "net.h"
#include "options.h"
#include "poller.h"

namespace weft::bench {

namespace {

constexpr size_t kChunkBytes = 1024;
constexpr uint64_t kForeverNs = uint64_t{3'600'000'000'000};

struct Connection {
  int fd = -1;
  size_t endpoint = 0;
  bool open = true;
  bool busy = false;  // a request of it is waiting or being served; the next has to wait
  HttpReader request;
  std::string unread;  // what came behind that request
  std::string unsent;
};

using ConnectionPointer = std::shared_ptr<Connection>;

struct Endpoint {
  int listener = -1;
  uint64_t serviceNs = 0;
  size_t busySlots = 0;
  std::deque<ConnectionPointer> waiting;
};

struct Service {
  uint64_t endNs = 0;
  ConnectionPointer connection;

  bool operator>(const Service& other) const { return endNs > other.endNs; }
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

uint64_t microsecondsToNs(const std::string& text) {
  return secondsToNs(std::strtod(text.c_str(), nullptr) / 1e6);
}

std::string answerTo(const HttpReader& request) {
  constexpr std::string_view kHello = "Hello, Weft!";
  const std::string_view body = request.body().empty() ? kHello : request.body();
  std::string answer = "HTTP/1.1 200 OK\r\n";
  if (request.target() != "/chunked") {
    return answer + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  }
  answer += "Transfer-Encoding: chunked\r\n\r\n";
  for (size_t offset = 0; offset < body.size(); offset += kChunkBytes) {
    const std::string_view chunk = body.substr(offset, kChunkBytes);
    std::array<char, 16> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", chunk.size());
    answer += size.data();
    answer += chunk;
    answer += "\r\n";
  }
  return answer + "0\r\n\r\n";
}

class HttpServer {
 public:
  explicit HttpServer(const Options& options)
      : slots_(options.count("slots", 0)),
        stallEveryNs_(secondsToNs(options.number("stall-every-ms", 0) / 1e3)),
        stallNs_(secondsToNs(options.number("stall-ms", 0) / 1e3)),
        nextStallNs_(nowNs() + stallEveryNs_) {
    const auto times = split(options.has("service-us") ? options.text("service-us") : "0");
    for (const auto& address : split(options.text("listen"))) {
      const size_t index = endpoints_.size();
      const std::string& time = times[index < times.size() ? index : times.size() - 1];
      Endpoint endpoint;
      endpoint.listener = listenOn(parseAddress(address));
      endpoint.serviceNs = microsecondsToNs(time);
      endpoints_.push_back(endpoint);
      poller_.add(endpoint.listener, static_cast<size_t>(endpoint.listener), EPOLLIN);
    }
  }

  [[noreturn]] void run() {
    for (;;) {
      const auto events = poller_.wait(untilNextEnd());
      stallWhenDue();
      for (const auto& event : events) {
        serve(static_cast<int>(event.data.u64));
      }
      endServices();
    }
  }

 private:
  uint64_t untilNextEnd() const {
    if (services_.empty()) {
      return kForeverNs;
    }
    const uint64_t now = nowNs();
    return services_.top().endNs > now ? services_.top().endNs - now : 0;
  }

  void stallWhenDue() {
    if (stallEveryNs_ != 0 && nowNs() >= nextStallNs_) {
      usleep(static_cast<useconds_t>(stallNs_ / 1000));
      nextStallNs_ = nowNs() + stallEveryNs_;
    }
  }

  void serve(int fd) {
    for (size_t i = 0; i < endpoints_.size(); ++i) {
      if (endpoints_[i].listener == fd) {
        accept(i);
        return;
      }
    }
    const ConnectionPointer connection = connections_[static_cast<size_t>(fd)];
    if (connection != nullptr && !receive(*connection)) {
      connections_[static_cast<size_t>(fd)].reset();
      connection->open = false;
      close(fd);
      return;
    }
    if (connection != nullptr) {
      advance(connection);
    }
  }

  void accept(size_t endpoint) {
    const int fd =
        accept4(endpoints_[endpoint].listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      return;
    }
    const auto index = static_cast<size_t>(fd);
    if (connections_.size() <= index) {
      connections_.resize(index + 1);
    }
    connections_[index] = std::make_shared<Connection>();
    connections_[index]->fd = fd;
    connections_[index]->endpoint = endpoint;
    poller_.add(fd, index, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }

  // False when the connection is over.
  bool receive(Connection& connection) {
    for (;;) {
      const ssize_t n = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
      if (n <= 0) {
        return n < 0 && errno == EAGAIN;
      }
      connection.unread.append(buffer_.data(), static_cast<size_t>(n));
    }
  }

  // Serves what has come, as far as the order of the answers allows, and sends what is answered.
  void advance(const ConnectionPointer& connection) {
    size_t taken = 0;
    const std::string_view unread = connection->unread;
    while (!connection->busy && taken < unread.size() && !connection->request.broken()) {
      taken += connection->request.feed(unread.substr(taken));
      if (connection->request.complete()) {
        begin(connection);
      }
    }
    connection->unread.erase(0, taken);
    flush(*connection);
  }

  void begin(const ConnectionPointer& connection) {
    Endpoint& endpoint = endpoints_[connection->endpoint];
    const bool isOrder = connection->request.target() == "/service-us";
    if (isOrder) {
      endpoint.serviceNs = microsecondsToNs(std::string(connection->request.body()));
    }
    if (isOrder || endpoint.serviceNs == 0) {
      answer(*connection);
      return;
    }
    connection->busy = true;
    if (slots_ > 0 && endpoint.busySlots >= slots_) {
      endpoint.waiting.push_back(connection);
      return;
    }
    ++endpoint.busySlots;
    services_.push({nowNs() + endpoint.serviceNs, connection});
  }

  void endServices() {
    while (!services_.empty() && services_.top().endNs <= nowNs()) {
      const auto [endNs, connection] = services_.top();
      services_.pop();
      Endpoint& endpoint = endpoints_[connection->endpoint];
      --endpoint.busySlots;
      if (!endpoint.waiting.empty()) {
        ++endpoint.busySlots;
        services_.push({endNs + endpoint.serviceNs, endpoint.waiting.front()});
        endpoint.waiting.pop_front();
      }
      connection->busy = false;
      if (connection->open) {
        answer(*connection);
        advance(connection);
      }
    }
  }

  static void answer(Connection& connection) {
    connection.unsent += answerTo(connection.request);
    connection.request.restart();
  }

  static void flush(Connection& connection) {
    if (connection.unsent.empty()) {
      return;
    }
    const ssize_t n =
        send(connection.fd, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    connection.unsent.erase(0, n > 0 ? static_cast<size_t>(n) : 0);
  }

  const size_t slots_;
  const uint64_t stallEveryNs_;
  const uint64_t stallNs_;
  uint64_t nextStallNs_;
  Poller poller_;
  std::vector<Endpoint> endpoints_;
  std::vector<ConnectionPointer> connections_;  // by descriptor
  std::priority_queue<Service, std::vector<Service>, std::greater<>> services_;
  std::vector<char> buffer_ = std::vector<char>(size_t{256} * 1024);
};

}  // namespace

}  // namespace weft::bench

int main(int argc, char** argv) {
  using namespace weft::bench;
  raiseDescriptorLimit();
  useExactTimers();
  HttpServer(Options(argc, argv, 1)).run();
}
