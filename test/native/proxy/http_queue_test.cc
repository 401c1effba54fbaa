// Requests that wait for a connection while a limit of the cluster stands against a new one: who is
// served, in which order, for how long one waits, and what makes room.
#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http_fixture.h"
#include "snapshot/route.h"

namespace weft::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::ClusterCell;

constexpr std::string_view kDone = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

std::string getOf(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: web\r\n\r\n";
}

class HttpQueueTest : public HttpTest {
 protected:
  snapshot::Cluster& settings() { return world.config.cluster(1); }

  /// One connection for all.
  void limit() {
    settings().connectionsMax = 1;
    world.publish();
  }

  /// Somebody else who asks.
  Peer& other(std::string_view request) {
    Peer& peer = world.connect();
    peer.send(request);
    world.settle();
    return peer;
  }

  [[nodiscard]] std::uint64_t cell(std::size_t which) { return world.proxy.clusterCell(1, which); }

  /// Of the requests under way, in the order of their states.
  [[nodiscard]] std::vector<proxy::RequestState> states() {
    engine::DumpResult result;
    world.proxy.worker().dump({.kind = engine::DumpKind::Connections, .countMax = 10, .filter = {}},
                              result);
    std::vector<proxy::RequestState> found;
    for (const engine::ConnectionDump& connection : result.connections) {
      if (connection.requestState) {
        found.push_back(*connection.requestState);
      }
    }
    std::ranges::sort(found, std::greater());
    return found;
  }

  [[nodiscard]] std::uint64_t waiting() { return cell(ClusterCell::kQueuedNow); }

  static void expectRefused(Peer& peer, CloseReason reason) {
    EXPECT_TRUE(peer.received().starts_with("HTTP/1.1 503 ")) << peer.received();
    EXPECT_NE(peer.received().find(telemetry::closeReasonName(reason)), std::string::npos)
        << peer.received();
  }
};

TEST_P(HttpQueueTest, TheNextRequestGetsTheConnectionThatIsFree) {
  limit();
  ask(kGet);
  Peer& second = other(getOf("/b"));
  EXPECT_EQ(upstreams(), 1U);
  EXPECT_EQ(waiting(), 1U);
  EXPECT_EQ(states(), (std::vector{proxy::RequestState::Sent, proxy::RequestState::Queued}));
  EXPECT_EQ(forwarded(), kGet);
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  EXPECT_EQ(forwarded(), std::string(kGet) + getOf("/b"));
  answer(kOk);
  EXPECT_EQ(second.received(), kOk);
  EXPECT_EQ(upstreams(), 1U);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(cell(ClusterCell::kQueued), 1U);
  EXPECT_EQ(cell(ClusterCell::kConnectionsRefused), 0U);
}

TEST_P(HttpQueueTest, TheFirstToComeIsTheFirstServed) {
  limit();
  // Its second request is read in the turn in which the connection comes free, and is the last.
  ask(std::string(kGet) + getOf("/4"));
  std::vector<Peer*> peers;
  for (const std::string_view path : {"/1", "/2", "/3"}) {
    peers.push_back(&other(getOf(path)));
  }
  answer(kOk);
  std::string expected(kGet);
  for (std::size_t served = 1; served <= 4; ++served) {
    expected += getOf("/" + std::to_string(served));
    EXPECT_EQ(forwarded(), expected);
    answer(kOk);
  }
  for (Peer* peer : peers) {
    EXPECT_EQ(peer->received(), kOk);
  }
  EXPECT_EQ(upstreams(), 1U);
}

TEST_P(HttpQueueTest, AConnectionThatEndsMakesRoom) {
  limit();
  ask(kGet);
  Peer& second = other(getOf("/b"));
  answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  ASSERT_EQ(upstreams(), 2U);
  EXPECT_EQ(forwarded(), getOf("/b"));
  answer(kOk);
  EXPECT_EQ(second.received(), kOk);
}

TEST_P(HttpQueueTest, NobodyWaitsForLongerThanIsAllowed) {
  settings().http.queueTimeout = milliseconds(300);
  limit();
  ask(kGet);
  Peer& second = other(getOf("/b"));
  world.advance(milliseconds(250));
  EXPECT_EQ(second.received(), "");
  world.advance(milliseconds(100));
  expectRefused(second, CloseReason::ClusterLimit);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(cell(ClusterCell::kConnectionsRefused), 1U);
  second.send(getOf("/c"));
  world.settle();
  answer(kOk);
  EXPECT_EQ(forwarded(), std::string(kGet) + getOf("/c")) << "its connection lives";
}

TEST_P(HttpQueueTest, NoMoreWaitThanAreAllowed) {
  settings().http.queueMax = 1;
  limit();
  ask(kGet);
  Peer& second = other(getOf("/b"));
  Peer& third = other(getOf("/c"));
  expectRefused(third, CloseReason::ClusterLimit);
  answer(kOk);
  answer(kOk);
  EXPECT_EQ(second.received(), kOk);
}

TEST_P(HttpQueueTest, WhoLeavesLosesItsPlace) {
  limit();
  ask(kGet);
  other(getOf("/b")).reset();
  Peer& third = other(getOf("/c"));
  EXPECT_EQ(waiting(), 1U);
  answer(kOk);
  EXPECT_EQ(forwarded(), std::string(kGet) + getOf("/c"));
  answer(kOk);
  EXPECT_EQ(third.received(), kOk);
}

TEST_P(HttpQueueTest, ABodyWaitsToo) {
  limit();
  ask(kGet);
  const std::string head = "POST /b HTTP/1.1\r\nHost: web\r\nContent-Length: 100000\r\n\r\n";
  const std::string body = patternBytes(100'000);
  Peer& second = other(head + body);
  answer(kOk);
  EXPECT_EQ(forwarded(), std::string(kGet) + head + body);
  answer(kOk);
  EXPECT_EQ(second.received(), kOk);
}

TEST_P(HttpQueueTest, AConnectionToAnotherEndpointServesAsWell) {
  Endpoint& another = world.addEndpoint(2, addressOf("10.0.1.2:90"));
  limit();
  for (int round = 0; round < 4; ++round) {
    ask(kGet);
    Endpoint& used = another.count() > 0 ? another : world.endpoint();
    used.last().send(kOk);
    world.settle();
    EXPECT_EQ(taken(), kOk);
  }
  EXPECT_EQ(upstreams() + another.count(), 1U);
}

TEST_P(HttpQueueTest, AnIdleConnectionGivesWayWhereTheChoiceIsFixed) {
  Endpoint& another = world.addEndpoint(2, addressOf("10.0.1.2:90"));
  settings().balancer = {.type = snapshot::BalancerType::Maglev,
                         .key = {.type = snapshot::HashKeyType::Path}};
  limit();
  std::size_t answered = 0;
  for (int i = 0; i < 20; ++i) {
    const std::size_t before = upstreams() + another.count();
    ask(getOf("/" + std::to_string(i)));
    for (Endpoint* endpoint : {&world.endpoint(), &another}) {
      if (endpoint->count() > 0 && !endpoint->last().over()) {
        endpoint->last().send(kOk);
      }
    }
    world.settle();
    answered += taken() == kOk ? 1 : 0;
    EXPECT_LE(upstreams() + another.count(), before + 1);
  }
  EXPECT_EQ(answered, 20U);
  EXPECT_GT(upstreams(), 1U);
  EXPECT_GT(another.count(), 1U);
}

TEST_P(HttpQueueTest, EndpointsWithoutRoomAreLeftOut) {
  Endpoint& another = world.addEndpoint(2, addressOf("10.0.1.2:90"));
  settings().endpointConnectionsMax = 1;
  world.publish();
  ask(kGet);
  Peer& second = other(getOf("/b"));
  EXPECT_EQ(upstreams(), 1U);
  EXPECT_EQ(another.count(), 1U);
  Peer& third = other(getOf("/c"));
  EXPECT_EQ(waiting(), 1U);
  another.last().send(kOk);
  world.settle();
  another.last().send(kOk);
  world.settle();
  answer(kOk);
  for (Peer* peer : {client, &second, &third}) {
    EXPECT_EQ(peer->received(), kOk);
  }
  EXPECT_EQ(upstreams() + another.count(), 2U);
}

TEST_P(HttpQueueTest, AConnectThatEndsLetsTheNextOneBeMade) {
  settings().pendingMax = 1;
  settings().ejection.reset();
  settings().http.queueTimeout = seconds(10);
  world.publish();
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Silence);
  ask(kGet);
  Peer& second = other(getOf("/b"));
  EXPECT_EQ(waiting(), 1U);
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Listener);
  world.advance(seconds(5));
  EXPECT_TRUE(second.received().empty());
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(forwarded(), getOf("/b"));
  answer(kOk);
  EXPECT_EQ(second.received(), kOk);
}

TEST_P(HttpQueueTest, AHigherLimitLetsThemIn) {
  limit();
  ask(kGet);
  other(getOf("/b"));
  EXPECT_EQ(upstreams(), 1U);
  settings().connectionsMax = 2;
  world.publish();
  world.settle();
  EXPECT_EQ(upstreams(), 2U);
  EXPECT_EQ(forwarded(), getOf("/b"));
}

TEST_P(HttpQueueTest, AClusterThatLeavesServesNobodyMore) {
  world.addEndpoint(2, addressOf("10.0.1.2:90"), 2);
  world.config.listener(1).clusterId = base::ClusterId{1};
  limit();
  ask(kGet);
  Peer& second = other(getOf("/b"));
  world.config.listener(1).clusterId = base::ClusterId{2};
  world.config.removeCluster(1);
  world.publish();
  world.settle();
  expectRefused(second, CloseReason::NoEndpoint);
}

TEST_P(HttpQueueTest, TheTimeOfTheWholeRequestGoesOn) {
  snapshot::HttpRule rule;
  rule.backendRefs.push_back({.clusterId = base::ClusterId{1}});
  rule.timeouts.request = milliseconds(200);
  world.config.setRoutes(1, {rule});
  limit();
  ask(kGet);
  Peer& second = other(getOf("/b"));
  world.advance(milliseconds(300));
  EXPECT_TRUE(second.received().starts_with("HTTP/1.1 504 ")) << second.received();
  EXPECT_EQ(waiting(), 0U);
}

/// What is waited for is no attempt, which could take too long.
TEST_P(HttpQueueTest, TheTimesOfAnAttemptDoNotRunYet) {
  snapshot::HttpRule rule;
  rule.backendRefs.push_back({.clusterId = base::ClusterId{1}});
  rule.timeouts.responseHead = milliseconds(100);
  rule.timeouts.backendRequest = milliseconds(400);
  rule.retry = snapshot::Retry{.attemptsMax = 2, .onTimeout = true};
  limit();
  ask(kGet);
  world.config.setRoutes(1, {rule});
  world.publish();
  Peer& second = other(getOf("/b"));
  world.advance(milliseconds(600));
  EXPECT_EQ(second.received(), "");
  EXPECT_EQ(waiting(), 1U);
  answer(kOk);
  EXPECT_EQ(forwarded(), std::string(kGet) + getOf("/b"));
  answer(kOk);
  EXPECT_EQ(second.received(), kOk);
}

TEST_P(HttpQueueTest, TheTimesOfAnAttemptDoNotRunWhileAFaultDelays) {
  snapshot::HttpRule rule;
  rule.backendRefs.push_back({.clusterId = base::ClusterId{1}});
  rule.timeouts.responseHead = milliseconds(100);
  rule.retry = snapshot::Retry{.attemptsMax = 2, .onTimeout = true};
  rule.fault = snapshot::Fault{.delay = milliseconds(500), .delayShare = 1'000'000};
  world.config.setRoutes(1, {rule});
  world.publish();
  ask(kGet);
  world.advance(milliseconds(520));
  EXPECT_EQ(forwarded(), kGet);
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
}

INSTANTIATE_TEST_SUITE_P(Transports, HttpQueueTest, testing::ValuesIn(kAllWirings), wiringName);

class HttpQueueWorkersTest : public testing::Test {
 protected:
  HttpQueueWorkersTest() : world({.proxy = {}, .network = {}, .workerCount = 2}) {
    world.config.listener(1).protocol = snapshot::Protocol::Http1;
    world.config.cluster(1).connectionsMax = 1;
    world.publish();
  }

  /// Each has a worker of its own.
  Peer& ask() {
    Peer& peer = world.connect();
    peer.send(getOf("/"));
    world.settle();
    return peer;
  }

  MemoryProxy world;
};

TEST_F(HttpQueueWorkersTest, AnIdleConnectionOfAnotherWorkerGivesWay) {
  Peer& first = ask();
  ASSERT_EQ(world.endpoint().count(), 1U);
  world.endpoint().last().send(kDone);
  world.settle();
  ASSERT_FALSE(first.received().empty());
  Peer& second = ask();
  ASSERT_EQ(world.proxy.worker(0).load(), 1U);
  ASSERT_EQ(world.proxy.worker(1).load(), 1U);
  world.advance(milliseconds(30));
  ASSERT_EQ(world.endpoint().count(), 2U);
  world.endpoint().last().send(kDone);
  world.settle();
  EXPECT_FALSE(second.received().empty());
}

TEST_F(HttpQueueWorkersTest, ABusyConnectionOfAnotherWorkerGivesWayWhenItIsFree) {
  Peer& first = ask();
  Peer& second = ask();
  ASSERT_EQ(world.endpoint().count(), 1U);
  world.advance(milliseconds(200));
  world.endpoint().last().send(kDone);
  world.settle();
  EXPECT_FALSE(first.received().empty());
  world.advance(milliseconds(30));
  ASSERT_EQ(world.endpoint().count(), 2U);
  world.endpoint().last().send(kDone);
  world.settle();
  EXPECT_FALSE(second.received().empty());
}

}  // namespace
}  // namespace weft::test
