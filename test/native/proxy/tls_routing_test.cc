// Connections with TLS go where the names in their ClientHello lead: however the hello is cut, and
// whether it came first or late; what leads nowhere is told so.
#include <string>
#include <vector>

#include "session_fixture.h"
#include "support/first_messages.h"

namespace weft::test {
namespace {

using snapshot::Protocol;
using snapshot::Unrouted;

constexpr std::string_view kAlert("\x15\x03\x03\x00\x02\x02\x70", 7);

std::string helloFor(std::string_view name, const std::vector<std::string>& alpn = {},
                     std::size_t recordBytes = 16'384) {
  // GREASE (RFC 8701), and an encrypted hello whose outer name is the one that counts.
  std::string extensions = extension(0x2a2a, "") + serverNameExtension(name);
  if (!alpn.empty()) {
    extensions += alpnExtension(alpn);
  }
  return records(helloMessage(extensions + extension(0xfe0d, std::string(200, 'e'))), recordBytes);
}

class TlsRoutingTest : public SessionTest {
 protected:
  TlsRoutingTest() : api(listen("10.0.1.2:90")), web(listen("10.0.1.3:90")) {
    snapshot::Listener& listener = world.config.listener(1);
    listener.protocol = Protocol::Detect;
    listener.serverFirstAfter = std::chrono::milliseconds(20);
    listener.detectTimeout = std::chrono::seconds(10);
    listener.tlsRoutes = {route({"api.example.com"}, 2), route({"*.example.com"}, 3)};
    world.config.endpoint(2, 2, api.address());
    world.config.endpoint(3, 3, web.address());
    world.publish();
  }

  [[nodiscard]] Endpoint& listen(std::string_view address) {
    return world.around().listen(addressOf(address), [](os::Sockets& sockets, int fd) {
      return static_cast<MemorySockets&>(sockets).listenAddress(fd);
    });
  }

  [[nodiscard]] static snapshot::TlsRoute route(std::vector<std::string> names,
                                                std::uint32_t cluster) {
    return {.hostnames = std::move(names),
            .alpn = {},
            .backendRefs = {{.clusterId = base::ClusterId{cluster}}}};
  }

  void connectWith(std::string_view bytes) {
    client = &world.connect();
    client->send(bytes);
    world.settle();
  }

  /// Exactly this arrived there, and an answer comes back.
  void expectServed(Endpoint& endpoint, std::string_view bytes) {
    ASSERT_GE(endpoint.count(), 1U);
    Peer& peer = endpoint.last();
    EXPECT_EQ(peer.received(), bytes);
    peer.send("answer");
    world.settle();
    EXPECT_EQ(client->received(), "answer");
  }

  void expectRefused() {
    EXPECT_EQ(client->received(), kAlert);
    EXPECT_TRUE(client->ended());
    EXPECT_EQ(client->failure(), 0);
    expectEnded(CloseReason::TlsNoRoute);
    EXPECT_EQ(counted(Protocol::Tls), 1U);
  }

  [[nodiscard]] std::uint64_t counted(Protocol protocol) {
    return world.proxy.listenerCell(
        1, ListenerTcpCell::kProtocols + static_cast<std::size_t>(protocol) - 1);
  }

  Endpoint& api;
  Endpoint& web;
};

TEST_P(TlsRoutingTest, GoesWhereTheNameLeads) {
  const std::string first = helloFor("api.example.com");
  connectWith(first);
  expectServed(api, first);
  const std::string second = helloFor("WWW.Example.COM", {"h2"});
  connectWith(second);
  expectServed(web, second);
  EXPECT_EQ(world.endpoint().count(), 0U);
  EXPECT_EQ(counted(Protocol::Tls), 2U);
  EXPECT_EQ(world.proxy.endpointCell(2, 2, EndpointTcpCell::kOpens), 1U);
}

TEST_P(TlsRoutingTest, ReportsTheClusterThatItWentTo) {
  connectWith(helloFor("api.example.com"));
  engine::DumpResult result;
  world.proxy.worker().dump({.countMax = 1, .filter = {}}, result);
  EXPECT_EQ(result.connections.at(0).clusterId, base::ClusterId{2});
  client->finish();
  api.last().finish();
  world.settle();
  expectEnded(CloseReason::Finished);
  EXPECT_EQ(world.proxy.sink().of(EventKind::ConnectionClosed).at(0).numbers.at(2), 2U);
}

TEST_P(TlsRoutingTest, GoesTheSameWayHoweverTheHelloIsCut) {
  const std::string hello = helloFor("api.example.com", {"h2", "http/1.1"}, 40);
  for (std::size_t cut = 1; cut < hello.size(); ++cut) {
    connectWith(hello.substr(0, cut));
    ASSERT_EQ(api.count(), cut - 1) << "at " << cut;
    client->send(hello.substr(cut));
    world.settle();
    ASSERT_EQ(api.count(), cut) << "at " << cut;
    ASSERT_EQ(api.last().received(), hello) << "at " << cut;
    client->reset();
    world.settle();
  }
}

TEST_P(TlsRoutingTest, GoesTheSameWayOneByteAtATime) {
  const std::string hello = helloFor("a.b.example.com");
  client = &world.connect();
  for (const char byte : hello) {
    client->send({&byte, 1});
    world.settle();
  }
  expectServed(web, hello);
}

TEST_P(TlsRoutingTest, TellsAClientThatLeadsNowhere) {
  connectWith(helloFor("example.org"));
  expectRefused();
  EXPECT_EQ(world.endpoint().count() + api.count() + web.count(), 0U);
}

TEST_P(TlsRoutingTest, TellsAClientWithoutAName) {
  connectWith(records(helloMessage(alpnExtension({"h2"}))));
  expectRefused();
}

TEST_P(TlsRoutingTest, TellsAClientInPieces) {
  const std::string hello = helloFor("example.org");
  connectWith(hello.substr(0, 50));
  client->send(hello.substr(50));
  world.settle();
  expectRefused();
}

TEST_P(TlsRoutingTest, ForwardsWhatLeadsNowhereWhereThatIsWanted) {
  world.config.listener(1).tlsUnrouted = Unrouted::Forward;
  world.publish();
  const std::string hello = helloFor("example.org");
  connectWith(hello);
  expectServed(world.endpoint(), hello);
}

TEST_P(TlsRoutingTest, LeavesEverythingElseToTheCluster) {
  connectWith("*1\r\n$4\r\nPING\r\n");
  expectServed(world.endpoint(), "*1\r\n$4\r\nPING\r\n");
  client = &world.connect();
  world.advance(std::chrono::milliseconds(100));
  world.endpoint().last().send("220 ready");
  world.settle();
  EXPECT_EQ(client->received(), "220 ready");
}

TEST_P(TlsRoutingTest, LeavesAnEarlyConnectionUnusedThatLeadsToAnotherCluster) {
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  ASSERT_EQ(world.endpoint().count(), 1U);
  const std::string hello = helloFor("api.example.com");
  client->send(hello);
  world.settle();
  EXPECT_EQ(world.endpoint().at(0).received(), "");
  EXPECT_TRUE(world.endpoint().at(0).over());
  expectServed(api, hello);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kOpenNow), 0U);
}

TEST_P(TlsRoutingTest, ClosesTheEarlyConnectionOfAClientThatLeadsNowhere) {
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  client->send(helloFor("example.org"));
  world.settle();
  EXPECT_TRUE(world.endpoint().at(0).over());
  expectRefused();
}

TEST_P(TlsRoutingTest, WaitsForTheHelloAlsoWhenItIsKnownThatTlsComes) {
  world.config.listener(1).protocol = Protocol::Tls;
  world.publish();
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  EXPECT_EQ(world.endpoint().count(), 0U) << "no server of TLS speaks first";
  const std::string hello = helloFor("api.example.com");
  client->send(hello.substr(0, 9));
  world.advance(std::chrono::seconds(1));
  client->send(hello.substr(9));
  world.settle();
  expectServed(api, hello);
  EXPECT_EQ(counted(Protocol::Tls), 1U);
}

TEST_P(TlsRoutingTest, ResetsWhatIsNoTlsWhereTlsIsToCome) {
  world.config.listener(1).protocol = Protocol::Tls;
  world.publish();
  connectWith("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client->received(), "");
  EXPECT_NE(client->failure(), 0);
  expectEnded(CloseReason::TlsNoRoute);
}

TEST_P(TlsRoutingTest, TakesWhatIsNoTlsAsNamelessWhereTlsIsToCome) {
  world.config.listener(1).protocol = Protocol::Tls;
  world.config.listener(1).tlsRoutes.push_back(route({}, 3));
  world.publish();
  connectWith("GET / HTTP/1.1\r\n\r\n");
  expectServed(web, "GET / HTTP/1.1\r\n\r\n");
}

TEST_P(TlsRoutingTest, EndsAHelloThatStaysUndecidedWhereTlsIsToCome) {
  world.config.listener(1).protocol = Protocol::Tls;
  world.publish();
  connectWith(helloFor("api.example.com").substr(0, 20));
  world.advance(std::chrono::seconds(12));
  EXPECT_NE(client->failure(), 0);
  expectEnded(CloseReason::TlsNoRoute);
}

TEST_P(TlsRoutingTest, IsNotStirredByAClientThatOnlyLooks) {
  world.config.listener(1).protocol = Protocol::Tls;
  world.publish();
  client = &world.connect();
  client->finish();
  world.settle();
  expectEnded(CloseReason::DownstreamGone);
}

TEST_P(TlsRoutingTest, SharesConnectionsOutByWeightExactly) {
  world.config.listener(1).tlsRoutes = {
      {.hostnames = {},
       .alpn = {},
       .backendRefs = {{.clusterId = base::ClusterId{2}, .weight = 9},
                       {.clusterId = base::ClusterId{3}, .weight = 1}}}};
  world.publish();
  for (int i = 0; i < 40; ++i) {
    connectWith(helloFor("a.example.com"));
    world.publish();  // Shares go on where backends stay.
    client->reset();
    world.settle();
  }
  EXPECT_EQ(api.count(), 36U);
  EXPECT_EQ(web.count(), 4U);
}

TEST_P(TlsRoutingTest, TakesTheRoutesThatCountWhenTheHelloIsWhole) {
  const std::string hello = helloFor("api.example.com");
  connectWith(hello.substr(0, 30));
  world.config.listener(1).tlsRoutes = {route({"api.example.com"}, 3)};
  world.publish();
  client->send(hello.substr(30));
  world.settle();
  expectServed(web, hello);
  const std::string other = helloFor("api.example.com");
  connectWith(other.substr(0, 30));
  world.config.listener(1).tlsRoutes.clear();
  world.publish();
  client->send(other.substr(30));
  world.settle();
  expectServed(world.endpoint(), other);
}

TEST_P(TlsRoutingTest, TellsAClientWhoseClusterIsGone) {
  const std::string hello = helloFor("api.example.com");
  connectWith(hello.substr(0, 30));
  world.config.removeListener(1);
  world.config.removeCluster(2);
  world.publish();
  client->send(hello.substr(30));
  world.settle();
  EXPECT_EQ(client->received(), kAlert);
  EXPECT_EQ(closes(CloseReason::TlsNoRoute), 1U);
}

INSTANTIATE_TEST_SUITE_P(Transports, TlsRoutingTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
