// A new snapshot: what opens, what stays, what drains, and what is kept of what was learned. In
// memory.
#include <gtest/gtest.h>

#include "support/memory_proxy.h"

namespace weft::test {
namespace {

using telemetry::CloseReason;
using telemetry::EndpointTcpCell;
using telemetry::ListenerTcpCell;
using telemetry::RunKey;
using telemetry::RunKind;
using telemetry::WorkerCell;

class ApplyTest : public testing::Test {
 protected:
  /// Another client of the first listener and who serves it.
  Peer& open() {
    Peer& client = world.connect();
    client.send("x");
    world.settle();
    return client;
  }

  [[nodiscard]] std::uint64_t closes(CloseReason reason) { return world.proxy.closes(1, reason); }

  MemoryProxy world;
};

TEST_F(ApplyTest, SaysWhichRevisionIsApplied) {
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::AppliedRevision), 1U);
  world.publish();
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::AppliedRevision), 2U);
}

TEST_F(ApplyTest, KeepsConnectionsAndTheSocketOfAListenerThatStays) {
  Peer& client = open();
  const std::uint64_t listens = world.sockets.callCount(Call::Listen);
  world.config.listener(1).idleTimeout = std::chrono::seconds(5);
  world.publish();
  EXPECT_EQ(world.sockets.callCount(Call::Listen), listens);
  client.send("y");
  world.settle();
  EXPECT_EQ(world.endpoint().at(0).received(), "xy");
}

TEST_F(ApplyTest, ResetsTheConnectionsOfARemovedListenerAfterTheDrainTimeout) {
  Peer& client = open();
  world.config.removeListener(1);
  world.publish();
  client.send("y");
  world.settle();
  EXPECT_EQ(world.endpoint().at(0).received(), "xy") << "it goes on for a while";
  world.advance(std::chrono::milliseconds(9500));
  EXPECT_EQ(client.failure(), 0);
  world.advance(std::chrono::seconds(3));
  EXPECT_NE(client.failure(), 0);
  EXPECT_EQ(closes(CloseReason::ListenerRemoved), 1U);
}

TEST_F(ApplyTest, LetsConnectionsOfARemovedListenerFinish) {
  Peer& client = open();
  world.config.removeListener(1);
  world.publish();
  client.finish();
  world.endpoint().at(0).finish();
  world.settle();
  EXPECT_EQ(closes(CloseReason::Finished), 1U);
  world.advance(std::chrono::seconds(30));
  EXPECT_EQ(world.poller().sleepsUntil(), std::nullopt) << "nothing is left to wait for";
}

TEST_F(ApplyTest, ResetsTheConnectionsOfARemovedEndpointAfterTheDrainTimeout) {
  Peer& old = open();
  Endpoint& other = world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.config.removeEndpoint(1, 1);
  world.publish();
  Peer& fresh = open();
  EXPECT_EQ(other.count(), 1U) << "new connections go elsewhere";
  world.advance(std::chrono::milliseconds(9500));
  EXPECT_EQ(old.failure(), 0);
  world.advance(std::chrono::seconds(3));
  EXPECT_NE(old.failure(), 0);
  EXPECT_EQ(fresh.failure(), 0);
  EXPECT_EQ(closes(CloseReason::EndpointRemoved), 1U);
}

TEST_F(ApplyTest, KeepsTheConnectionsOfAnEndpointThatComesBackInTime) {
  Peer& client = open();
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.config.removeEndpoint(1, 1);
  world.publish();
  world.advance(std::chrono::seconds(5));
  world.config.endpoint(1, 1, MemoryProxy::endpointAddress());
  world.publish();
  world.advance(std::chrono::seconds(60));
  EXPECT_EQ(client.failure(), 0);
}

TEST_F(ApplyTest, ResetsTheConnectionsOfARemovedClusterAfterTheDrainTimeout) {
  Peer& client = open();
  Endpoint& other = world.addEndpoint(9, addressOf("10.0.1.9:90"));
  world.config.cluster(2).endpoints = {
      {.id = base::EndpointId{9}, .address = other.address(), .weight = 1}};
  world.config.listener(1).clusterId = base::ClusterId{2};
  world.config.removeCluster(1);
  world.publish();
  open();
  EXPECT_EQ(other.count(), 1U);
  world.advance(std::chrono::seconds(13));
  EXPECT_NE(client.failure(), 0);
  EXPECT_EQ(closes(CloseReason::EndpointRemoved), 1U);
}

TEST_F(ApplyTest, KeepsWhatWasLearnedOfAnEndpointThatStays) {
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Refused);
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.publish();
  open();
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kConnectFailures), 1U);
  for (int i = 0; i < 10; ++i) {
    world.publish();
    open();
  }
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kConnectFailures), 1U)
      << "it is known to be down";
}

TEST_F(ApplyTest, MovesAListenerToAnotherAddress) {
  Peer& old = open();
  world.config.listener(1).address = addressOf("10.0.0.2:80");
  world.publish();
  Peer& refused = world.connect(MemoryProxy::listenAddress());
  Peer& fresh = world.connect(addressOf("10.0.0.2:80"));
  fresh.send("x");
  world.advance(std::chrono::seconds(60));
  EXPECT_EQ(refused.failure(), ECONNREFUSED);
  EXPECT_EQ(fresh.failure(), 0);
  EXPECT_EQ(old.failure(), 0) << "its listener stays";
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpens), 2U);
}

TEST_F(ApplyTest, SwapsTheAddressesOfTwoListeners) {
  world.config.listener(2).address = addressOf("10.0.0.2:80");
  world.publish();
  std::swap(world.config.listener(1).address, world.config.listener(2).address);
  world.publish();
  world.connect(MemoryProxy::listenAddress()).send("x");
  world.settle();
  EXPECT_EQ(world.proxy.listenerCell(2, ListenerTcpCell::kOpens), 1U);
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpens), 0U);
  EXPECT_EQ(world.endpoint().count(), 1U);
}

TEST_F(ApplyTest, ServesWhoComesWhileAListenerGetsAnotherName) {
  // The worker has applied the snapshot; its acceptor still goes by the old name.
  world.config.removeListener(1);
  world.config.listener(5).address = MemoryProxy::listenAddress();
  const auto next = world.config.build();
  engine::SharedState shared;
  shared.adopt(*next);
  world.proxy.worker().apply(next, shared);
  Peer& client = open();
  EXPECT_EQ(client.failure(), 0);
  ASSERT_EQ(world.endpoint().count(), 1U);
  EXPECT_EQ(world.endpoint().at(0).received(), "x");
}

TEST_F(ApplyTest, ChangesNothingWhenAListenerCannotBeOpened) {
  Peer& client = open();
  const int blocker = world.outside
                          .listen({.address = addressOf("10.0.0.7:80"),
                                   .backlogCount = 1,
                                   .unixMode = {},
                                   .stream = {}})
                          .value();
  SnapshotBuilder other = world.config;
  other.removeListener(1);
  other.listener(3).address = addressOf("10.0.0.6:80");
  other.listener(4).address = addressOf("10.0.0.7:80");
  const auto failure = world.proxy.publish(other.build());
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->path, "listeners[1].address");
  EXPECT_EQ(failure->error.code, base::ErrorCode::InUse);
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::AppliedRevision), 1U);
  Peer& notOpen = world.connect(addressOf("10.0.0.6:80"));
  client.send("y");
  open();
  world.advance(std::chrono::seconds(30));
  EXPECT_EQ(notOpen.failure(), ECONNREFUSED) << "what was opened for it is closed again";
  EXPECT_EQ(world.endpoint().at(0).received(), "xy");
  EXPECT_EQ(world.endpoint().count(), 2U);
  world.outside.closeListener(blocker, addressOf("10.0.0.7:80"));
}

TEST_F(ApplyTest, FreesASnapshotThatNothingHoldsAnyMore) {
  std::weak_ptr<const snapshot::Snapshot> first;
  {
    const auto built = world.config.build();
    first = built;
    ASSERT_EQ(world.proxy.publish(built), nullptr);
  }
  EXPECT_FALSE(first.expired());
  world.publish();
  EXPECT_TRUE(first.expired());
}

TEST_F(ApplyTest, ReleasesARunWhoseEndpointIsGoneAndNoOther) {
  open().reset();
  world.settle();
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.config.removeEndpoint(1, 1);
  world.publish();
  world.advance(std::chrono::seconds(3));
  open();
  const auto slotOf = [this](std::uint32_t endpoint) {
    return world.proxy.slotOf({.kind = RunKind::EndpointTcp, .ids = {1, 1, endpoint, 0, 0}});
  };
  const std::uint32_t gone = slotOf(1);
  const std::uint32_t present = slotOf(2);
  world.config.next.releasedRuns = {{.worker = 0, .run = gone, .generation = 1},
                                    {.worker = 0, .run = present, .generation = 1},
                                    {.worker = 7, .run = present, .generation = 1}};
  world.publish();
  EXPECT_EQ(world.proxy.keyOf(gone).kind, RunKind::Overflow) << "free";
  EXPECT_EQ(world.proxy.keyOf(present).kind, RunKind::EndpointTcp) << "still in use";
}

TEST_F(ApplyTest, KeepsARunWhoseEndpointStillHasConnections) {
  open();
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.config.removeEndpoint(1, 1);
  world.publish();
  const std::uint32_t slot =
      world.proxy.slotOf({.kind = RunKind::EndpointTcp, .ids = {1, 1, 1, 0, 0}});
  world.config.next.releasedRuns = {{.worker = 0, .run = slot, .generation = 1}};
  world.publish();
  EXPECT_EQ(world.proxy.keyOf(slot).kind, RunKind::EndpointTcp);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kOpenNow), 1U);
}

TEST_F(ApplyTest, LowersTheLimitOfBytesForWhatComesNext) {
  world.config.next.limits.bufferedBytesMax = 1;
  world.config.next.limits.pipeCountMax = 0;
  world.publish();
  Peer& client = world.connect();
  world.settle();
  world.endpoint().at(0).setReadMax(0);
  client.send(patternBytes(500'000));
  world.settle();
  EXPECT_EQ(closes(CloseReason::BufferLimit), 1U);
}

TEST_F(ApplyTest, CarriesInboundAndOutboundUnderTheirOwnLabels) {
  world.config.listener(2).address = addressOf("10.0.0.2:80");
  world.config.listener(2).direction = snapshot::Direction::Inbound;
  world.publish();
  world.connect(addressOf("10.0.0.2:80")).send("inbound");
  world.settle();
  const auto inbound = snapshot::Direction::Inbound;
  EXPECT_EQ(world.proxy.listenerCell(2, ListenerTcpCell::kReadBytes, inbound), 7U);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kWriteBytes, inbound), 7U);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kWriteBytes), 0U);
}

}  // namespace
}  // namespace weft::test
