// Transparent listeners: connections that were redirected go where they meant to, or to the cluster
// that claims it, and never back to the proxy.
#include <chrono>
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "support/memory_proxy.h"

namespace weft::test {
namespace {

using snapshot::Direction;
using telemetry::CloseReason;
using telemetry::EndpointTcpCell;
using telemetry::EventKind;
using telemetry::ListenerTcpCell;

/// Cluster 2 is the one of original destinations; cluster 1 is there for claims.
class TransparentTest : public testing::Test {
 protected:
  TransparentTest() {
    snapshot::Cluster& original = world.config.cluster(2);
    original.originalDst = true;
    original.connectAttemptsMax = 1;
    world.config.endpoint(2, 9, addressOf("0.0.0.0:0"));
    snapshot::Listener& listener = world.config.listener(1);
    listener.transparent = true;
    listener.clusterId = base::ClusterId{2};
    world.publish();
  }

  Endpoint& serverAt(const char* address) {
    return world.around().listen(addressOf(address), [](os::Sockets& sockets, int fd) {
      return static_cast<MemorySockets&>(sockets).listenAddress(fd);
    });
  }

  void connectMeaning(const char* address) {
    world.sockets.redirectFrom(addressOf(address));
    world.connect();
    world.settle();
  }

  [[nodiscard]] std::uint64_t loops() { return world.proxy.closes(1, CloseReason::Loop); }

  MemoryProxy world;
};

TEST_F(TransparentTest, AConnectionGoesWhereItMeantTo) {
  Endpoint& first = serverAt("192.0.2.1:5432");
  Endpoint& second = serverAt("192.0.2.2:80");
  connectMeaning("192.0.2.1:5432");
  connectMeaning("192.0.2.2:80");
  EXPECT_EQ(first.count(), 1U);
  EXPECT_EQ(second.count(), 1U);
  EXPECT_EQ(world.proxy.endpointCell(2, 9, EndpointTcpCell::kOpens), 2U);
}

TEST_F(TransparentTest, AClaimedConnectionGoesToTheCluster) {
  world.config.cluster(1).destinations.push_back(
      {.address = addressOf("192.0.2.0:0"), .prefixBits = 24});
  world.publish();
  connectMeaning("192.0.2.1:5432");
  EXPECT_EQ(world.endpoint().count(), 1U);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kOpens), 1U);
}

TEST_F(TransparentTest, AClaimThatIsTakenBackCountsNoMore) {
  world.config.cluster(1).destinations.push_back(
      {.address = addressOf("192.0.2.0:0"), .prefixBits = 24});
  world.publish();
  world.config.cluster(1).destinations.clear();
  world.publish();
  Endpoint& meant = serverAt("192.0.2.1:5432");
  connectMeaning("192.0.2.1:5432");
  EXPECT_EQ(meant.count(), 1U);
}

TEST_F(TransparentTest, AnInboundConnectionGoesToTheWorkloadWhoeverClaimsItsAddress) {
  world.config.cluster(1).destinations.push_back(
      {.address = addressOf("192.0.2.0:0"), .prefixBits = 24});
  world.config.listener(1).direction = Direction::Inbound;
  world.publish();
  Endpoint& workload = serverAt("192.0.2.1:8080");
  connectMeaning("192.0.2.1:8080");
  EXPECT_EQ(workload.count(), 1U);
}

TEST_F(TransparentTest, AnInboundConnectionGoesToTheLoopbackAddressWhenToldTo) {
  snapshot::Listener& listener = world.config.listener(1);
  listener.direction = Direction::Inbound;
  listener.workloadAddress = snapshot::WorkloadAddress::Loopback;
  world.publish();
  Endpoint& ipv4 = serverAt("127.0.0.1:8080");
  Endpoint& ipv6 = serverAt("[::1]:8080");
  connectMeaning("192.0.2.1:8080");
  connectMeaning("[2001:db8::1]:8080");
  EXPECT_EQ(ipv4.count(), 1U);
  EXPECT_EQ(ipv6.count(), 1U);
}

TEST_F(TransparentTest, WhoWasNotRedirectedIsRefusedAsALoop) {
  world.sockets.redirectFrom(std::nullopt);
  Peer& client = world.connect();
  world.settle();
  EXPECT_TRUE(client.over());
  EXPECT_EQ(loops(), 1U);
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpens), 0U);
}

TEST_F(TransparentTest, WhoMeantAnotherListenerIsRefusedAsALoop) {
  world.config.listener(2).address = addressOf("10.0.0.1:4143");
  world.publish();
  connectMeaning("10.0.0.1:4143");
  EXPECT_EQ(loops(), 1U);
}

TEST_F(TransparentTest, AnInboundConnectionMayNotReachAListenerByTheLoopbackAddress) {
  snapshot::Listener& listener = world.config.listener(1);
  listener.direction = Direction::Inbound;
  listener.workloadAddress = snapshot::WorkloadAddress::Loopback;
  world.config.listener(2).address = addressOf("127.0.0.1:4140");
  world.publish();
  connectMeaning("10.0.0.1:4140");
  EXPECT_EQ(loops(), 1U);
}

TEST_F(TransparentTest, OneAddressThatRefusesKeepsNobodyFromTheOthers) {
  Endpoint& alive = serverAt("192.0.2.2:80");
  world.network.setAnswer(addressOf("192.0.2.1:80"), Answer::Refused);
  connectMeaning("192.0.2.1:80");
  EXPECT_EQ(world.proxy.closes(1, CloseReason::ConnectRefused), 1U);
  connectMeaning("192.0.2.2:80");
  EXPECT_EQ(alive.count(), 1U);
  EXPECT_TRUE(world.proxy.sink().of(EventKind::EndpointUnavailable).empty());
}

TEST_F(TransparentTest, AServerThatSpeaksFirstIsHeardWhereItIsMeant) {
  world.config.listener(1).protocol = snapshot::Protocol::Detect;
  world.config.listener(1).serverFirstAfter = std::chrono::milliseconds(20);
  world.publish();
  Endpoint& meant = serverAt("192.0.2.1:25");
  connectMeaning("192.0.2.1:25");
  EXPECT_EQ(meant.count(), 0U) << "the client may still speak";
  world.advance(std::chrono::milliseconds(30));
  EXPECT_EQ(meant.count(), 1U);
}

TEST_F(TransparentTest, ThePortThatWasMeantTellsTheProtocol) {
  snapshot::Listener& listener = world.config.listener(1);
  listener.protocol = snapshot::Protocol::Detect;
  listener.portProtocols = {
      {.firstPort = 3306, .lastPort = 3306, .protocol = snapshot::Protocol::Opaque}};
  world.publish();
  Endpoint& meant = serverAt("192.0.2.1:3306");
  connectMeaning("192.0.2.1:3306");
  EXPECT_EQ(meant.count(), 1U) << "at once, without a byte";
}

TEST_F(TransparentTest, TheClusterThatClaimsAConnectionTellsItsProtocol) {
  world.config.listener(1).protocol = snapshot::Protocol::Detect;
  snapshot::Cluster& claimant = world.config.cluster(1);
  claimant.protocol = snapshot::Protocol::Opaque;
  claimant.destinations.push_back({.address = addressOf("192.0.2.0:0"), .prefixBits = 24});
  world.publish();
  connectMeaning("192.0.2.1:5432");
  EXPECT_EQ(world.endpoint().count(), 1U) << "at once, without a byte";
}

TEST_F(TransparentTest, TheEventOfAConnectionSaysWhereItMeantToGo) {
  world.network.setAnswer(addressOf("192.0.2.1:80"), Answer::Refused);
  connectMeaning("192.0.2.1:80");
  const auto ended = world.proxy.sink().of(EventKind::ConnectionClosed);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].fields.at(2), "192.0.2.1:80");
}

}  // namespace
}  // namespace weft::test
