// HTTP that is recognised by its first bytes, or announced; and whom a request is sent to when more
// than the configuration says so.
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "codec/proxy_protocol.h"
#include "http_fixture.h"

namespace weft::test {
namespace {

class HttpDetectTest : public HttpTest {
 protected:
  HttpDetectTest() {
    snapshot::Listener& listener = world.config.listener(1);
    listener.protocol = snapshot::Protocol::Detect;
    listener.serverFirstAfter = std::chrono::milliseconds(20);
    listener.detectTimeout = std::chrono::seconds(10);
    world.publish();
  }

  [[nodiscard]] std::uint64_t http1Count() {
    return world.proxy.listenerCell(
        1, ListenerTcpCell::kProtocols + static_cast<std::size_t>(snapshot::Protocol::Http1) - 1);
  }

  /// Sends a request; the connection of an endpoint that got it, and which endpoint that is.
  std::pair<Peer*, std::size_t> asked() {
    ask(kGet);
    std::pair<Peer*, std::size_t> found{nullptr, 0};
    for (std::size_t number = 0; number < world.around().endpoints().size(); ++number) {
      Endpoint& endpoint = *world.around().endpoints()[number];
      for (std::size_t i = 0; i < endpoint.count(); ++i) {
        std::size_t& seen = seen_[{number, i}];
        const std::size_t now = endpoint.at(i).received().size();
        if (std::exchange(seen, now) != now) {
          EXPECT_EQ(found.first, nullptr) << "one request for two";
          found = {&endpoint.at(i), number};
        }
      }
    }
    EXPECT_NE(found.first, nullptr);
    return found;
  }

 private:
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> seen_;
};

TEST_P(HttpDetectTest, RecognisesARequestInEveryCut) {
  for (std::size_t cut = 1; cut < kGet.size(); ++cut) {
    client = &world.connect();
    client->send(kGet.substr(0, cut));
    world.settle();
    client->send(kGet.substr(cut));
    world.settle();
    answer(kOk);
    ASSERT_EQ(client->received(), kOk) << cut;
  }
  EXPECT_EQ(upstreams(), 1U);
  EXPECT_EQ(http1Count(), kGet.size() - 1);
  expectNothingHeld();
}

TEST_P(HttpDetectTest, SendsTheRequestOverTheEarlyConnection) {
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  ASSERT_EQ(upstreams(), 1U);
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(upstreams(), 1U);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kOpens), 1U);
}

TEST_P(HttpDetectTest, GivesUpAnEarlyConnectThatIsUnderWay) {
  world.network.setDelay(std::chrono::milliseconds(100));
  client = &world.connect();
  world.advance(std::chrono::milliseconds(130));
  client->send(kGet);
  world.advance(std::chrono::milliseconds(600));
  answer(kOk);
  world.advance(std::chrono::milliseconds(300));
  EXPECT_EQ(client->received(), kOk);
}

TEST_P(HttpDetectTest, ChoosesAnEndpointForEachRequest) {
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.config.cluster(1).balancer.type = snapshot::BalancerType::RoundRobin;
  world.publish();
  std::array<int, 2> counts{};
  for (int i = 0; i < 8; ++i) {
    const auto [peer, number] = asked();
    ++counts.at(number);
    peer->send(kOk);
    world.settle();
    ASSERT_EQ(taken(), kOk) << i;
  }
  EXPECT_EQ(counts, (std::array<int, 2>{4, 4}));
  EXPECT_EQ(upstreams(), 1U);
}

TEST_P(HttpDetectTest, PrefersTheEndpointThatAnswersSooner) {
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.config.cluster(1).balancer = {.type = snapshot::BalancerType::P2cEwma,
                                      .rttDefault = std::chrono::milliseconds(30),
                                      .decay = std::chrono::seconds(10)};
  world.publish();
  std::array<int, 2> counts{};
  for (int i = 0; i < 60; ++i) {
    const auto [peer, number] = asked();
    ++counts.at(number);
    world.advance(std::chrono::milliseconds(number == 0 ? 1 : 100));
    peer->send(kOk);
    world.settle();
    ASSERT_EQ(taken(), kOk) << i;
  }
  EXPECT_GE(counts[0], 57);
}

TEST_P(HttpDetectTest, SendsTheHeaderOfTheProxyProtocolOnAConnectionOfTheClientsOwn) {
  world.config.cluster(1).proxyProtocol = snapshot::ProxyVersion::V1;
  world.publish();
  for (std::size_t i = 1; i <= 3; ++i) {
    ask(kGet);
    ASSERT_EQ(upstreams(), i) << "another client must not use it";
    EXPECT_TRUE(forwarded().starts_with("PROXY TCP4 "));
    EXPECT_TRUE(forwarded().ends_with(kGet));
    answer(kOk);
    EXPECT_EQ(taken(), kOk);
  }
}

TEST_P(HttpDetectTest, GoesToTheClusterOfTheDay) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  Endpoint& other =
      world.around().listen(addressOf("10.0.1.2:90"), [](os::Sockets& sockets, int fd) {
        return static_cast<MemorySockets&>(sockets).listenAddress(fd);
      });
  world.config.endpoint(2, 2, other.address());
  world.config.listener(1).clusterId = base::ClusterId{2};
  world.publish();
  ask(kGet);
  ASSERT_EQ(other.count(), 1U);
  EXPECT_EQ(other.last().received(), kGet);
}

TEST_P(HttpDetectTest, RefusesAConnectionAboveTheLimitOfItsCluster) {
  world.config.cluster(1).connectionsMax = 1;
  world.config.cluster(1).http.queueMax = 0;
  world.publish();
  ask(kGet);
  Peer& second = world.connect();
  second.send(kGet);
  world.settle();
  EXPECT_TRUE(second.received().starts_with("HTTP/1.1 503 ")) << second.received();
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  second.send(kGet);
  world.settle();
  answer(kOk);
  EXPECT_TRUE(second.received().ends_with(kOk)) << "an idle connection is free for anybody";
}

TEST_P(HttpDetectTest, EjectsAnEndpointThatClosesFreshConnections) {
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  snapshot::Ejection& ejection = world.config.cluster(1).ejection.value();
  ejection.earlyClose = std::chrono::seconds(1);
  ejection.consecutiveEarlyCloses = 1;
  ejection.sharePercentMax = 50;
  world.publish();
  std::array<int, 2> counts{};
  for (int i = 0; i < 20; ++i) {
    const auto [peer, number] = asked();
    ++counts.at(number);
    if (number == 0) {
      peer->close();
      world.settle();
      const std::string got = taken();
      EXPECT_TRUE(got.starts_with("HTTP/1.1 502 ")) << got;
    } else {
      peer->send(kOk);
      world.settle();
      ASSERT_EQ(taken(), kOk) << i;
    }
  }
  EXPECT_EQ(counts[0], 1);
}

INSTANTIATE_TEST_SUITE_P(Transports, HttpDetectTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
