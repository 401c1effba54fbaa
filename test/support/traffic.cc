#include "support/traffic.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "codec/proxy_protocol.h"
#include "support/first_messages.h"

namespace weft::test {

namespace {

using telemetry::CloseReason;
using telemetry::EndpointTcpCell;
using telemetry::ListenerTcpCell;

constexpr std::size_t kBufferBytes[] = {1, 37, 1000, 5000, 20'000, 65'536, 262'144};
constexpr std::size_t kScratchBytes[] = {1, 100, 4096, 16'384, 65'536};
constexpr std::size_t kPieceBytes[] = {4096, 32'768};
constexpr std::size_t kCallBytes[] = {1, 10, 1000, 10'000, 65'536};
constexpr std::string_view kRoutedName = "a.example";

/// On behalf of somebody else.
std::string headerOf(snapshot::ProxyVersion version) {
  codec::ProxyHeader header;
  header.named = true;
  header.source = addressOf("192.0.2.1:1000");
  header.destination = addressOf("192.0.2.2:2000");
  std::array<std::byte, codec::kProxyHeaderBytesMax> bytes;
  const std::size_t size =
      codec::writeProxyHeader(static_cast<codec::ProxyVersion>(version), header, bytes);
  return std::string(reinterpret_cast<const char*>(bytes.data()), size);
}

}  // namespace

MemoryProxyOptions chooseWorld(Choices& choices, const Wiring& wiring) {
  MemoryProxyOptions options;
  options.proxy.wiring = wiring;
  options.proxy.scratchBytes = choices.oneOf(kScratchBytes);
  options.network = {
      .seed = choices.below(1U << 31U),
      .sendBytes = choices.oneOf(kBufferBytes),
      .receiveBytes = choices.oneOf(kBufferBytes),
      .delay = choices.oneIn(3) ? std::chrono::milliseconds(choices.below(20)) : base::Duration{},
      .shredded = choices.oneIn(2),
      .pieceBytes = choices.oneOf(kPieceBytes)};
  return options;
}

bool isNarrow(const MemoryProxyOptions& world) {
  constexpr std::size_t kNarrowBytes = 1000;
  return std::min({world.proxy.scratchBytes, world.network.sendBytes, world.network.receiveBytes}) <
         kNarrowBytes;
}

void giveRoom(MemoryProxyOptions& world, const TrafficOptions& options) {
  if (options.headerFrom || options.headerTo) {
    world.proxy.scratchBytes = std::max(world.proxy.scratchBytes, codec::kProxyHeaderBytesMax);
    world.network.sendBytes = std::max(world.network.sendBytes, codec::kProxyHeaderBytesMax);
  }
}

Traffic::Traffic(MemoryProxy& world, Choices& choices, const TrafficOptions& options)
    : world_(world), choices_(choices), options_(options) {
  world_.poller().shuffle(world_.network.random());
  configure();
  world_.publish();
  open(options.connectionCount);
}

void Traffic::configure() {
  snapshot::Cluster& cluster = world_.config.cluster(1);
  cluster.connectTimeout = std::chrono::hours(1);
  cluster.proxyProtocol = options_.headerTo;
  snapshot::Listener& listener = world_.config.listener(1);
  if (options_.detects) {
    listener.protocol = snapshot::Protocol::Detect;
    listener.serverFirstAfter = std::chrono::milliseconds(20);
    listener.detectTimeout = std::chrono::seconds(1);
  }
  if (options_.routes) {
    snapshot::TlsRoute route;
    route.hostnames.emplace_back(kRoutedName);
    route.backendRefs.push_back({.clusterId = base::ClusterId{1}});
    listener.tlsRoutes.push_back(std::move(route));
    listener.tlsUnrouted = snapshot::Unrouted::Forward;
  }
  if (options_.headerFrom) {
    listener.proxyProtocol = {.from = {base::Network(base::Address::ipv4({0, 0, 0, 0}, 0), 0)},
                              .timeout = std::chrono::hours(1),
                              .required = true};
  }
}

/// Half of what is to be detected stays undecided for a while.
std::string Traffic::chooseBeginning() {
  if (options_.routes && choices_.oneIn(2)) {
    const std::string_view name = choices_.oneIn(2) ? kRoutedName : std::string_view("b.example");
    return records(helloMessage(serverNameExtension(name)), 1 + choices_.below(200));
  }
  return options_.detects && choices_.oneIn(2) ? "GET /" : "";
}

/// One after another, so that it is known who is at the other end.
void Traffic::open(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Peer& client = world_.connect();
    if (options_.headerFrom) {
      const std::string header = headerOf(*options_.headerFrom);
      headerBytes_ += header.size();
      client.setCallBytes(choices_.oneOf(kCallBytes));
      client.send(header);
    }
    const auto opens = [this] { return world_.proxy.endpointCell(1, 1, EndpointTcpCell::kOpens); };
    for (int wait = 0; wait < 20'000 && opens() == i; ++wait) {
      world_.advance(std::chrono::milliseconds(20));
    }
    ASSERT_EQ(opens(), i + 1);
    Peer& server = world_.endpoint().last();
    const std::size_t upBytes = choices_.below(static_cast<std::uint32_t>(options_.bytesMax));
    const std::size_t downBytes = choices_.below(static_cast<std::uint32_t>(options_.bytesMax));
    pairs_.push_back(std::make_unique<Pair>(Pair{
        .up = {.from = &client,
               .to = &server,
               .bytes = chooseBeginning() + patternBytes(upBytes, 2 * i + 1),
               .headed = options_.headerTo.has_value()},
        .down = {.from = &server, .to = &client, .bytes = patternBytes(downBytes, 2 * i + 2)}}));
  }
}

void Traffic::run() {
  while (choices_.more()) {
    switch (choices_.below(6)) {
      case 0:
        world_.network.deliverSome();
        break;
      case 1:
        world_.proxy.turn();
        break;
      case 2:
        world_.once();
        break;
      case 3:
        world_.advance(std::chrono::microseconds(choices_.below(30'000)));
        break;
      default:
        if (!pairs_.empty()) {
          actOn(*pairs_[choices_.below(static_cast<std::uint32_t>(pairs_.size()))]);
        }
    }
  }
}

void Traffic::actOn(Pair& pair) {
  if (pair.reset) {
    return;
  }
  Flow& flow = choices_.oneIn(2) ? pair.up : pair.down;
  if (options_.resets && choices_.oneIn(60)) {
    pair.reset = true;
    flow.from->reset();
    return;
  }
  act(flow);
}

void Traffic::act(Flow& flow) {
  switch (choices_.below(5)) {
    case 0:
      flow.to->setReadMax(flow.to->received().size() + choices_.below(1000));
      break;
    case 1:
      flow.to->readOn();
      break;
    case 2:
      flow.from->setCallBytes(choices_.oneOf(kCallBytes));
      flow.to->setCallBytes(choices_.oneOf(kCallBytes));
      break;
    case 3:
      flow.from->step();
      flow.to->step();
      break;
    default: {
      const std::size_t left = flow.bytes.size() - flow.givenBytes;
      const std::size_t count = std::min<std::size_t>(left, choices_.below(60'000));
      flow.from->send(std::string_view(flow.bytes).substr(flow.givenBytes, count));
      flow.givenBytes += count;
      if (flow.givenBytes == flow.bytes.size() && choices_.oneIn(3)) {
        flow.endGiven = true;
        flow.from->finish();
      }
    }
  }
}

void Traffic::finish() {
  for (const std::unique_ptr<Pair>& pair : pairs_) {
    for (Flow* flow : {&pair->up, &pair->down}) {
      flow->to->readOn();
      flow->from->setCallBytes(65'536);
      if (!pair->reset) {
        flow->from->send(std::string_view(flow->bytes).substr(flow->givenBytes));
        flow->givenBytes = flow->bytes.size();
        flow->endGiven = true;
        flow->from->finish();
      }
    }
  }
  // Each round of a delayed network moves no more than a buffer.
  const auto over = [](const std::unique_ptr<Pair>& pair) {
    return (pair->up.to->closed() || pair->up.to->over()) &&
           (pair->down.to->closed() || pair->down.to->over());
  };
  for (int i = 0; i < 20'000 && !std::ranges::all_of(pairs_, over); ++i) {
    world_.advance(std::chrono::milliseconds(20));
  }
  world_.advance(std::chrono::seconds(2));
}

std::string Traffic::problem() const {
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const Pair& pair = *pairs_[i];
    const std::string up = problemOf(pair.up, pair.reset);
    const std::string down = problemOf(pair.down, pair.reset);
    if (!up.empty() || !down.empty()) {
      return "connection " + std::to_string(i) + ": up " + up + ", down " + down;
    }
  }
  return {};
}

/// What came, without the header of the proxy's own; none: that is no header.
std::optional<std::string_view> Traffic::payloadOf(const Flow& flow) {
  const std::string_view got = flow.to->received();
  if (!flow.headed || got.empty()) {
    return got;
  }
  codec::ProxyHeader header;
  switch (codec::readProxyHeader(base::bytesOf(got), header)) {
    case codec::ProxyRead::NeedMore:
      return std::string_view();
    case codec::ProxyRead::Whole:
      return got.substr(header.bytes);
    case codec::ProxyRead::Absent:
    case codec::ProxyRead::Malformed:
      break;
  }
  return std::nullopt;
}

std::string Traffic::problemOf(const Flow& flow, bool reset) {
  const std::optional<std::string_view> payload = payloadOf(flow);
  if (!payload) {
    return "no header before the bytes";
  }
  const std::string_view got = *payload;
  if (!flow.bytes.starts_with(got)) {
    return "received what was not sent";
  }
  if (flow.to->ended() && (!flow.endGiven || got.size() < flow.bytes.size())) {
    return "an end that the source did not give, after " + std::to_string(got.size()) + " bytes";
  }
  if (!reset && flow.to->failure() != 0) {
    return "failure " + std::to_string(flow.to->failure());
  }
  if (!reset && flow.endGiven && !flow.to->ended()) {
    return "no end, after " + std::to_string(got.size()) + " of " +
           std::to_string(flow.bytes.size()) + " bytes";
  }
  if (reset && !flow.to->closed() && !flow.to->over()) {
    return "neither end nor reset";
  }
  return {};
}

std::string Traffic::counterProblem() const {
  ProxyUnderTest& proxy = world_.proxy;
  std::uint64_t upBytes = 0;
  std::uint64_t downBytes = 0;
  std::uint64_t resets = 0;
  for (const std::unique_ptr<Pair>& pair : pairs_) {
    upBytes += pair->up.bytes.size();
    downBytes += pair->down.bytes.size();
    resets += pair->reset ? 1 : 0;
  }
  const auto differs = [](const char* what, std::uint64_t is, std::uint64_t wanted) {
    return is == wanted ? std::string()
                        : std::string(what) + " is " + std::to_string(is) + ", not " +
                              std::to_string(wanted) + "; ";
  };
  std::string text;
  const std::uint64_t count = pairs_.size();
  text += differs("opens", proxy.listenerCell(1, ListenerTcpCell::kOpens), count);
  text += differs("open now", proxy.listenerCell(1, ListenerTcpCell::kOpenNow), 0);
  text += differs("upstream opens", proxy.endpointCell(1, 1, EndpointTcpCell::kOpens), count);
  text += differs("upstream open now", proxy.endpointCell(1, 1, EndpointTcpCell::kOpenNow), 0);
  text += differs("connections now", proxy.workerCell(telemetry::WorkerCell::ConnectionsNow), 0);
  text += differs("buffered bytes", proxy.workerCell(telemetry::WorkerCell::BufferedBytesNow), 0);
  std::uint64_t closes = 0;
  for (std::size_t reason = 0; reason < telemetry::kCloseReasonCount; ++reason) {
    closes += proxy.closes(1, static_cast<CloseReason>(reason));
  }
  text += differs("closes", closes, count);
  if (resets == 0) {
    text += differs("finished", proxy.closes(1, CloseReason::Finished), count);
    text += differs("downstream reads", proxy.listenerCell(1, ListenerTcpCell::kReadBytes),
                    upBytes + headerBytes_);
    text += differs("downstream writes", proxy.listenerCell(1, ListenerTcpCell::kWriteBytes),
                    downBytes);
    text +=
        differs("upstream reads", proxy.endpointCell(1, 1, EndpointTcpCell::kReadBytes), downBytes);
    text +=
        differs("upstream writes", proxy.endpointCell(1, 1, EndpointTcpCell::kWriteBytes), upBytes);
  }
  return text;
}

}  // namespace weft::test
