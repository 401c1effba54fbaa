// Counts the instructions of the proxy for a fixed script: connections one after another, of
// clients that speak late, and at once without and with detection; then messages of 64 bytes one
// after another, with one message under way. One worker, turned by hand on this thread over the
// kernel's own sockets; client and server are the script and are not counted. Time is moved by
// hand, so that two runs do exactly the same. Run under
//   valgrind --tool=callgrind --collect-atstart=no bench_regress
// by bench/regress/main.ts, which reads the dumps "connection", "spoken", "detected",
// "request", "routed10", "routed10000" and "message".

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define WEFT_HAS_CALLGRIND 1
#else
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_DUMP_STATS_AT(name) static_cast<void>(name)
#define WEFT_HAS_CALLGRIND 0
#endif

#include "engine/worker_thread.h"
#include "os/kernel_sockets.h"
#include "proxy/route_table.h"

namespace weft::bench {

namespace {

constexpr int kWarmUpConnections = 64;
constexpr int kWarmUpMessages = 200;
constexpr int kConnections = 200;
constexpr int kMessages = 2'000;
constexpr std::size_t kMessageBytes = 64;

/// A turn that waits for what never comes ends the program after this.
constexpr unsigned kPatienceSeconds = 120;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// Moves only when told to. Begins an hour ahead of the kernel's clock, so that no kernel timer
/// that is set by it fires during the run.
class HandClock final : public base::Clock {
 public:
  [[nodiscard]] base::TimePoint now() const noexcept override { return now_; }

  [[nodiscard]] std::uint64_t wallUs() const noexcept override {
    return static_cast<std::uint64_t>(now_.time_since_epoch().count());
  }

  void advance(base::Duration by) noexcept { now_ += by; }

 private:
  base::TimePoint now_ = base::SystemClock().now() + std::chrono::hours(1);
};

class NoEvents final : public engine::EventListener {
 public:
  void eventsReady(std::uint32_t /*worker*/) noexcept override {}
};

int loopbackSocket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) {
    die("socket");
  }
  return fd;
}

sockaddr_in boundTo(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    die("getsockname");
  }
  return address;
}

int listenOnLoopback() {
  const int fd = loopbackSocket();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(fd, 64) != 0) {
    die("listen");
  }
  return fd;
}

base::Address addressOf(int fd) {
  return base::Address::ipv4({127, 0, 0, 1}, ntohs(boundTo(fd).sin_port));
}

bool isReadable(int fd) {
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&watched, 1, 0) == 1;
}

void sendBytes(int fd, std::size_t count) {
  const std::array<char, kMessageBytes> bytes{};
  if (::send(fd, bytes.data(), count, 0) != static_cast<ssize_t>(count)) {
    die("send");
  }
}

void receiveBytes(int fd, std::size_t count) {
  std::array<char, 1024> bytes{};
  if (::recv(fd, bytes.data(), count, MSG_WAITALL) != static_cast<ssize_t>(count)) {
    die("recv");
  }
}

void receiveEnd(int fd) {
  char byte = 0;
  if (::recv(fd, &byte, 1, 0) != 0) {
    die("the end was expected");
  }
}

/// What `weft forward` is configured to by default, with one endpoint.
/// So many hosts, each with a prefix and a header of its own; the request is for one of them.
std::shared_ptr<const proxy::RouteTable> routesOf(std::uint32_t count, std::uint64_t revision) {
  std::vector<snapshot::HttpRule> rules;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string host = i == count / 2 ? "www" : "host-" + std::to_string(i);
    snapshot::HttpRule rule;
    rule.id = {i + 1};
    rule.hostnames = {host + ".example.com"};
    rule.matches.push_back({.path = {.value = "/products"}});
    rule.backendRefs.push_back({.clusterId = {1}});
    rules.push_back(std::move(rule));
  }
  return count == 0 ? nullptr
                    : std::make_shared<const proxy::RouteTable>(revision, std::move(rules));
}

snapshot::Snapshot snapshotFor(const base::Address& endpoint, snapshot::Protocol protocol,
                               std::uint32_t routeCount, std::uint64_t revision) {
  const snapshot::Keepalive keepalive{
      .idle = std::chrono::seconds(60), .interval = std::chrono::seconds(10), .probesMax = 6};
  auto listener = std::make_shared<snapshot::Listener>();
  listener->id = {1};
  listener->name = "regress";
  listener->backlogCount = 64;
  listener->protocol = protocol;
  listener->serverFirstAfter = std::chrono::milliseconds(20);
  listener->detectTimeout = std::chrono::seconds(10);
  listener->clusterId = {1};
  listener->connectionsMax = 1'000;
  listener->idleTimeout = std::chrono::hours(1);
  listener->keepalive = keepalive;
  listener->routeTable = routesOf(routeCount, revision);
  auto cluster = std::make_shared<snapshot::Cluster>();
  cluster->id = {1};
  cluster->revision = revision;
  cluster->name = "regress";
  cluster->balancer = {.type = snapshot::BalancerType::P2cEwma,
                       .rttDefault = std::chrono::milliseconds(30),
                       .decay = std::chrono::seconds(10)};
  cluster->connectTimeout = std::chrono::seconds(1);
  cluster->connectAttemptsMax = 3;
  cluster->ejection = {.consecutiveFailures = 1,
                       .earlyClose = {},
                       .consecutiveEarlyCloses = 5,
                       .baseTime = std::chrono::milliseconds(500),
                       .maxTime = std::chrono::seconds(10),
                       .sharePercentMax = 50,
                       .panicPercent = 0};
  cluster->failFastAfter = std::chrono::seconds(3);
  cluster->keepalive = keepalive;
  cluster->endpoints.push_back({.id = {1}, .address = endpoint, .weight = 1});
  snapshot::Snapshot made;
  made.revision = revision;
  made.drainTimeout = std::chrono::seconds(10);
  made.limits = {.connectionsMax = 1'000,
                 .requestsMax = 1'000,
                 .bufferedBytesMax = std::uint64_t{256} << 20,
                 .pipeCountMax = 16,
                 .pipeBytes = 1U << 20};
  made.listeners.push_back(std::move(listener));
  made.clusters.push_back(std::move(cluster));
  return made;
}

/// The proxy: a worker as the engine makes it, without a thread.
class Proxy {
 public:
  explicit Proxy(base::Address endpoint) : endpoint_(std::move(endpoint)) {
    router_.connectionsMax = 1'000;
    const engine::EngineOptions sizes{
        .workerCount = 1, .eventRingBytes = 1U << 20, .cellCount = 4'096, .runCount = 256};
    auto made = engine::WorkerThread::create(0, sizes,
                                             {.sockets = sockets_,
                                              .clock = clock_,
                                              .gate = gate_,
                                              .router = router_,
                                              .events = events_});
    if (!made.ok()) {
      die("worker");
    }
    thread_ = std::move(made).value();
    os::ListenOptions options;
    options.address = base::Address::ipv4({127, 0, 0, 1}, 0);
    options.backlogCount = 64;
    auto listening = sockets_.listen(options);
    if (!listening.ok()) {
      die("listen");
    }
    listener_ = listening.value();
    apply(snapshot::Protocol::Opaque);
    thread_->worker().openAcceptor(listener_, {1});
  }

  ~Proxy() {
    thread_->worker().stop();
    thread_->worker().dropMail();
    ::close(listener_);
  }

  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  void apply(snapshot::Protocol protocol, std::uint32_t routeCount = 0) {
    const auto next = std::make_shared<const snapshot::Snapshot>(
        snapshotFor(endpoint_, protocol, routeCount, ++revision_));
    shared_.adopt(*next);
    thread_->worker().apply(next, shared_);
  }

  [[nodiscard]] sockaddr_in address() const { return boundTo(listener_); }

  /// Turns until `done`. Only the turns are counted.
  template <typename Done>
  void turnUntil(Done done) {
    while (!done()) {
      clock_.advance(std::chrono::microseconds(20));
      CALLGRIND_TOGGLE_COLLECT;
      thread_->worker().turn();
      CALLGRIND_TOGGLE_COLLECT;
      ++turnCount_;
    }
  }

  [[nodiscard]] bool isEmpty() {
    return thread_->cells()[static_cast<std::size_t>(telemetry::WorkerCell::ConnectionsNow)] == 0;
  }

  /// Turns since this was last asked.
  [[nodiscard]] int takeTurnCount() { return std::exchange(turnCount_, 0); }

 private:
  os::KernelSockets sockets_;
  HandClock clock_;
  base::Gate gate_;
  engine::RouterShared router_;
  NoEvents events_;
  engine::SharedState shared_;
  std::unique_ptr<engine::WorkerThread> thread_;
  const base::Address endpoint_;
  std::uint64_t revision_ = 0;
  int listener_ = -1;
  int turnCount_ = 0;
};

/// A connected pair: the client's end and the server's end.
struct Pair {
  int client;
  int server;
};

/// `first` is sent before the proxy can accept.
Pair openPair(Proxy& proxy, int server, std::string_view first = {}) {
  const int client = loopbackSocket();
  const sockaddr_in address = proxy.address();
  if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    die("connect");
  }
  if (!first.empty() &&
      ::send(client, first.data(), first.size(), 0) != static_cast<ssize_t>(first.size())) {
    die("send");
  }
  proxy.turnUntil([&] { return isReadable(server); });
  const int accepted = ::accept(server, nullptr, nullptr);
  if (accepted < 0) {
    die("accept");
  }
  return {.client = client, .server = accepted};
}

void echoOnce(Proxy& proxy, const Pair& pair, std::size_t count) {
  sendBytes(pair.client, count);
  proxy.turnUntil([&] { return isReadable(pair.server); });
  receiveBytes(pair.server, count);
  sendBytes(pair.server, count);
  proxy.turnUntil([&] { return isReadable(pair.client); });
  receiveBytes(pair.client, count);
}

/// The server ends first.
void closePair(Proxy& proxy, const Pair& pair) {
  ::shutdown(pair.server, SHUT_WR);
  proxy.turnUntil([&] { return isReadable(pair.client); });
  receiveEnd(pair.client);
  ::close(pair.client);
  proxy.turnUntil([&] { return isReadable(pair.server) && proxy.isEmpty(); });
  receiveEnd(pair.server);
  ::close(pair.server);
}

void runConnections(Proxy& proxy, int server, int count) {
  for (int i = 0; i < count; ++i) {
    const Pair pair = openPair(proxy, server);
    echoOnce(proxy, pair, 1);
    closePair(proxy, pair);
  }
}

constexpr std::string_view kByte = "x";
constexpr std::string_view kRequest =
    "GET /products/42?currency=eur HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: "
    "curl/7.88.1\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\nTraceparent: "
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n";
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 30 Nov 2026 12:00:00 "
    "GMT\r\nContent-Length: 12\r\n\r\n{\"price\":42}";

/// The client speaks at once, the server answers with a byte.
void runSpoken(Proxy& proxy, int server, std::string_view first, int count) {
  for (int i = 0; i < count; ++i) {
    const Pair pair = openPair(proxy, server, first);
    proxy.turnUntil([&] { return isReadable(pair.server); });
    receiveBytes(pair.server, first.size());
    sendBytes(pair.server, 1);
    proxy.turnUntil([&] { return isReadable(pair.client); });
    receiveBytes(pair.client, 1);
    closePair(proxy, pair);
  }
}

/// Turns of one count, after a warm-up.
int countSpoken(Proxy& proxy, int server, std::string_view first, const char* unit) {
  runSpoken(proxy, server, first, kWarmUpConnections);
  CALLGRIND_DUMP_STATS_AT("between");
  static_cast<void>(proxy.takeTurnCount());
  runSpoken(proxy, server, first, kConnections);
  CALLGRIND_DUMP_STATS_AT(unit);
  return proxy.takeTurnCount();
}

void sendText(int fd, std::string_view text) {
  if (::send(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    die("send");
  }
}

/// Requests on connections that are open.
void runRequests(Proxy& proxy, const Pair& pair, int count) {
  for (int i = 0; i < count; ++i) {
    sendText(pair.client, kRequest);
    proxy.turnUntil([&] { return isReadable(pair.server); });
    receiveBytes(pair.server, kRequest.size());
    sendText(pair.server, kResponse);
    proxy.turnUntil([&] { return isReadable(pair.client); });
    receiveBytes(pair.client, kResponse.size());
  }
}

/// Turns of the count, after a warm-up.
int countRequests(Proxy& proxy, int server, const char* unit) {
  const Pair pair = openPair(proxy, server, kRequest);
  proxy.turnUntil([&] { return isReadable(pair.server); });
  receiveBytes(pair.server, kRequest.size());
  sendText(pair.server, kResponse);
  proxy.turnUntil([&] { return isReadable(pair.client); });
  receiveBytes(pair.client, kResponse.size());
  runRequests(proxy, pair, kWarmUpMessages);
  CALLGRIND_DUMP_STATS_AT("between");
  static_cast<void>(proxy.takeTurnCount());
  runRequests(proxy, pair, kMessages);
  CALLGRIND_DUMP_STATS_AT(unit);
  const int turns = proxy.takeTurnCount();
  ::close(pair.client);
  proxy.turnUntil([&] { return proxy.isEmpty(); });
  ::close(pair.server);
  return turns;
}

void runMessages(Proxy& proxy, const Pair& pair, int count) {
  for (int i = 0; i < count; ++i) {
    echoOnce(proxy, pair, kMessageBytes);
  }
}

int runScript() {
  const int server = listenOnLoopback();
  Proxy proxy(addressOf(server));
  runConnections(proxy, server, kWarmUpConnections);
  const Pair warmUp = openPair(proxy, server);
  runMessages(proxy, warmUp, kWarmUpMessages);
  closePair(proxy, warmUp);
  CALLGRIND_DUMP_STATS_AT("warm-up");
  static_cast<void>(proxy.takeTurnCount());

  runConnections(proxy, server, kConnections);
  CALLGRIND_DUMP_STATS_AT("connection");
  const int connectionTurns = proxy.takeTurnCount();

  const int spokenTurns = countSpoken(proxy, server, kByte, "spoken");
  proxy.apply(snapshot::Protocol::Detect);
  const int detectedTurns = countSpoken(proxy, server, kByte, "detected");
  const int requestTurns = countRequests(proxy, server, "request");
  proxy.apply(snapshot::Protocol::Http1, 10);
  const int routed10Turns = countRequests(proxy, server, "routed10");
  proxy.apply(snapshot::Protocol::Http1, 10'000);
  const int routed10000Turns = countRequests(proxy, server, "routed10000");

  proxy.apply(snapshot::Protocol::Opaque);
  const Pair pair = openPair(proxy, server);
  runMessages(proxy, pair, kWarmUpMessages);
  CALLGRIND_DUMP_STATS_AT("between");
  static_cast<void>(proxy.takeTurnCount());
  runMessages(proxy, pair, kMessages);
  CALLGRIND_DUMP_STATS_AT("message");
  const int messageTurns = proxy.takeTurnCount();
  closePair(proxy, pair);
  ::close(server);
  std::printf(R"({"connection":{"count":%d,"turns":%d},"spoken":{"count":%d,"turns":%d},)"
              R"("detected":{"count":%d,"turns":%d},"request":{"count":%d,"turns":%d},)"
              R"("routed10":{"count":%d,"turns":%d},"routed10000":{"count":%d,"turns":%d},)"
              R"("message":{"count":%d,"turns":%d}})"
              "\n",
              kConnections, connectionTurns, kConnections, spokenTurns, kConnections, detectedTurns,
              kMessages, requestTurns, kMessages, routed10Turns, kMessages, routed10000Turns,
              kMessages, messageTurns);
  return 0;
}

}  // namespace

}  // namespace weft::bench

int main() {
  if (WEFT_HAS_CALLGRIND == 0) {
    std::fputs(
        "bench_regress was compiled without valgrind/callgrind.h: install valgrind and build "
        "again.\n",
        stderr);
    return 1;
  }
  ::alarm(weft::bench::kPatienceSeconds);
  return weft::bench::runScript();
}
