// The PROXY protocol on a connection: whose headers are believed, how each wait ends, and what
// endpoints are sent. What a header may look like is the codec's.
#include <chrono>
#include <string>
#include <string_view>

#include "session_fixture.h"

namespace weft::test {
namespace {

using snapshot::Protocol;
using snapshot::ProxyVersion;

const std::string kHeader = "PROXY TCP4 192.0.2.7 198.51.100.2 4711 443\r\n";
constexpr base::Duration kTimeout = std::chrono::seconds(5);
/// A timer is late by an eighth of its length at most.
constexpr base::Duration kLateMax = kTimeout / 8;

class ProxyHeaderTest : public SessionTest {
 protected:
  ProxyHeaderTest() { believe("0.0.0.0:0", 0, true); }

  void believe(const char* network, std::uint8_t prefixBits, bool required) {
    snapshot::Listener& listener = world.config.listener(1);
    listener.proxyProtocol =
        snapshot::ProxyProtocol{.from = {base::Network(addressOf(network), prefixBits)},
                                .timeout = kTimeout,
                                .required = required};
    world.publish();
  }

  void detect() {
    snapshot::Listener& listener = world.config.listener(1);
    listener.protocol = Protocol::Detect;
    listener.serverFirstAfter = std::chrono::milliseconds(20);
    listener.detectTimeout = std::chrono::seconds(10);
    world.publish();
  }

  void send(ProxyVersion version) {
    world.config.cluster(1).proxyProtocol = version;
    world.publish();
  }

  void connectWith(std::string_view bytes) {
    client = &world.connect();
    speak(bytes);
  }

  void speak(std::string_view bytes) {
    client->send(bytes);
    world.settle();
  }

  [[nodiscard]] std::size_t upstreams() { return world.endpoint().count(); }

  void meetServer() {
    ASSERT_EQ(upstreams(), 1U);
    server = &world.endpoint().at(0);
  }

  void finishBoth() {
    client->finish();
    server->finish();
    world.settle();
    expectEnded(CloseReason::Finished);
  }

  [[nodiscard]] std::string shownAddress() {
    engine::DumpResult result;
    world.proxy.worker().dump({.countMax = 1, .filter = {}}, result);
    return result.connections.at(0).downstreamAddress;
  }
};

TEST_P(ProxyHeaderTest, TakesTheHeaderAndForwardsWhatCameBehindIt) {
  connectWith(kHeader + "hello");
  meetServer();
  EXPECT_EQ(server->received(), "hello");
  EXPECT_EQ(shownAddress(), "192.0.2.7:4711");
  finishBoth();
  EXPECT_EQ(world.proxy.sink().of(EventKind::ConnectionClosed)[0].fields.at(0), "192.0.2.7:4711");
}

TEST_P(ProxyHeaderTest, TakesItOneByteAtATime) {
  client = &world.connect();
  for (const char byte : kHeader) {
    EXPECT_EQ(upstreams(), 0U);
    speak({&byte, 1});
  }
  speak("hello");
  meetServer();
  EXPECT_EQ(server->received(), "hello");
  finishBoth();
}

TEST_P(ProxyHeaderTest, DetectsBehindTheHeader) {
  detect();
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  connectWith(kHeader + request);
  meetServer();
  EXPECT_EQ(server->received(), request);
  const auto http1 = ListenerTcpCell::kProtocols + static_cast<std::size_t>(Protocol::Http1) - 1;
  EXPECT_EQ(world.proxy.listenerCell(1, http1), 1U);
  server->send("HTTP/1.1 204 No Content\r\n\r\n");
  world.settle();
  EXPECT_EQ(client->received(), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_P(ProxyHeaderTest, LetsAServerSpeakFirstToWhoSentOnlyTheHeader) {
  detect();
  connectWith(kHeader);
  EXPECT_EQ(upstreams(), 0U) << "the client may still speak";
  world.advance(std::chrono::milliseconds(30));
  meetServer();
  server->send("220 ready\r\n");
  world.settle();
  EXPECT_EQ(client->received(), "220 ready\r\n");
  finishBoth();
}

TEST_P(ProxyHeaderTest, RefusesWhatIsMalformed) {
  connectWith("PROXY TCP4 nobody\r\n");
  EXPECT_EQ(upstreams(), 0U);
  expectEnded(CloseReason::ProxyProtocolError);
}

TEST_P(ProxyHeaderTest, RefusesWhoLeavesItOut) {
  connectWith("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(upstreams(), 0U);
  expectEnded(CloseReason::ProxyProtocolError);
}

TEST_P(ProxyHeaderTest, RefusesWhoIsLate) {
  client = &world.connect();
  world.settle();
  world.advance(kTimeout - std::chrono::milliseconds(10));
  EXPECT_EQ(connectionsNow(), 1U);
  world.advance(kLateMax + std::chrono::milliseconds(20));
  expectEnded(CloseReason::ProxyProtocolError);
}

TEST_P(ProxyHeaderTest, AByteNowAndThenIsLateToo) {
  client = &world.connect();
  for (const char byte : kHeader.substr(0, 8)) {
    world.advance(std::chrono::seconds(1));
    speak({&byte, 1});
  }
  expectEnded(CloseReason::ProxyProtocolError);
}

TEST_P(ProxyHeaderTest, RefusesAnEndWithinTheHeader) {
  connectWith(kHeader.substr(0, 20));
  client->finish();
  world.settle();
  expectEnded(CloseReason::ProxyProtocolError);
}

TEST_P(ProxyHeaderTest, EndsWithAClientThatGoesBeforeTheHeader) {
  client = &world.connect();
  client->finish();
  world.settle();
  expectEnded(CloseReason::DownstreamGone);
}

TEST_P(ProxyHeaderTest, EndsWithAClientThatResetsWithinTheHeader) {
  connectWith(kHeader.substr(0, 20));
  client->reset();
  world.settle();
  expectEnded(CloseReason::DownstreamGone);
}

TEST_P(ProxyHeaderTest, WhereItIsNotRequiredWhoLeavesItOutIsServed) {
  believe("0.0.0.0:0", 0, false);
  connectWith("hello");
  meetServer();
  EXPECT_EQ(server->received(), "hello");
  finishBoth();
}

TEST_P(ProxyHeaderTest, WhereItIsNotRequiredTheSilentAreServedAfterTheTimeout) {
  believe("0.0.0.0:0", 0, false);
  client = &world.connect();
  world.settle();
  EXPECT_EQ(upstreams(), 0U);
  world.advance(kTimeout + kLateMax + std::chrono::milliseconds(20));
  meetServer();
  finishBoth();
}

TEST_P(ProxyHeaderTest, AHeaderFromElsewhereIsPayload) {
  believe("203.0.113.0:0", 24, true);
  connectWith(kHeader);
  meetServer();
  EXPECT_EQ(server->received(), kHeader);
  finishBoth();
}

TEST_P(ProxyHeaderTest, AReloadLeavesAWaitAsItIs) {
  client = &world.connect();
  speak(kHeader.substr(0, 10));
  world.config.listener(1).proxyProtocol.reset();
  world.publish();
  speak(kHeader.substr(10));
  speak("hello");
  meetServer();
  EXPECT_EQ(server->received(), "hello");
  finishBoth();
}

TEST_P(ProxyHeaderTest, IsAbortedWhenTheProxyStops) {
  connectWith(kHeader.substr(0, 10));
  world.proxy.worker().stop();
  world.settle();
  expectEnded(CloseReason::Stopped);
}

TEST_P(ProxyHeaderTest, EndsAConnectionWhoseHeaderFindsNoRoom) {
  world.config.next.limits.bufferedBytesMax = 1;
  world.publish();
  connectWith(kHeader.substr(0, 10));
  expectEnded(CloseReason::BufferLimit);
}

TEST_P(ProxyHeaderTest, PassesOnWhatItWasTold) {
  send(ProxyVersion::V1);
  connectWith(kHeader + "hello");
  meetServer();
  EXPECT_EQ(server->received(), kHeader + "hello");
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kWriteBytes), 5U)
      << "what the proxy says itself is nobody's payload";
  finishBoth();
}

TEST_P(ProxyHeaderTest, TellsTheAddressesOfAConnectionThatToldNothing) {
  world.config.listener(1).proxyProtocol.reset();
  send(ProxyVersion::V1);
  open();
  world.settle();
  EXPECT_TRUE(server->received().starts_with("PROXY TCP4 ")) << server->received();
  EXPECT_TRUE(server->received().ends_with(" 80\r\n")) << server->received();
}

TEST_P(ProxyHeaderTest, SendsVersion2) {
  send(ProxyVersion::V2);
  connectWith(kHeader + "hello");
  meetServer();
  constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
  EXPECT_TRUE(server->received().starts_with(kSignature));
  EXPECT_EQ(server->received().size(), 16U + 12U + 5U);
  finishBoth();
}

INSTANTIATE_TEST_SUITE_P(Transports, ProxyHeaderTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
