// Transports that have to be opened first, on either side: what arrives meanwhile, what fails, what
// takes too long.
#include "session_fixture.h"

namespace weft::test {
namespace {

class HandshakeTest : public SessionTest {};

constexpr Wiring kSecured[] = {
    {TransportKind::Ahead, TransportKind::Ahead},
    {TransportKind::RecordAtATime, TransportKind::RecordAtATime},
    {TransportKind::Ahead, TransportKind::RecordAtATime},
};

TEST_P(HandshakeTest, ReadsWhatCameRightBehindIt) {
  client = &world.connect();
  client->send("without waiting");
  client->finish();
  world.settle();
  ASSERT_EQ(world.endpoint().count(), 1U);
  EXPECT_EQ(world.endpoint().at(0).received(), "without waiting");
  EXPECT_TRUE(world.endpoint().at(0).ended());
}

TEST_P(HandshakeTest, GoesOnWhenThereIsRoomToWriteAgain) {
  world.network.setBuffers(100, 100);
  open();
  EXPECT_GT(world.proxy.transports().downstream().scripted().opensWantedWrite, 0U);
  EXPECT_GT(world.around().clientTransports().scripted().opensWantedWrite, 0U);
  client->send("through narrow pipes");
  world.settle();
  EXPECT_EQ(server->received(), "through narrow pipes");
}

TEST_P(HandshakeTest, ThatTheClientResetsIsCounted) {
  client = &world.connect();
  client->step();
  world.proxy.turn();
  ASSERT_FALSE(client->opened());
  client->reset();
  world.settle();
  EXPECT_EQ(world.endpoint().count(), 0U);
  expectEnded(CloseReason::DownstreamReset);
  EXPECT_EQ(world.proxy.downstreamCloses(1, ECONNRESET), 1U);
}

TEST_P(HandshakeTest, ThatTheClientLeavesIsCounted) {
  client = &world.connect();
  client->step();
  client->close();
  world.settle();
  EXPECT_EQ(world.endpoint().count(), 0U);
  expectEnded(CloseReason::DownstreamReset);
}

TEST_P(HandshakeTest, ThatTheClientNeverFinishesEndsWithTheIdleTimeout) {
  world.config.listener(1).idleTimeout = std::chrono::seconds(5);
  world.publish();
  const int fd = world.outside.connect(MemoryProxy::listenAddress(), {}).value();
  world.advance(std::chrono::milliseconds(4900));
  EXPECT_EQ(connectionsNow(), 1U);
  world.advance(std::chrono::seconds(1));
  expectEnded(CloseReason::IdleTimeout);
  world.outside.close(fd);
}

TEST_P(HandshakeTest, OfADrainedProxyIsResetAtTheDeadline) {
  const int fd = world.outside.connect(MemoryProxy::listenAddress(), {}).value();
  world.settle();
  world.proxy.drain(std::chrono::seconds(1), false);
  world.advance(std::chrono::seconds(2));
  EXPECT_TRUE(world.proxy.drained());
  EXPECT_EQ(world.proxy.forcedCount(), 1U);
  expectEnded(CloseReason::DrainDeadline);
  world.outside.close(fd);
}

TEST_P(HandshakeTest, ThatTheEndpointRefusesIsTriedElsewhere) {
  Endpoint& other = world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.publish();
  // The first endpoint accepts and closes at once, whatever is said to it.
  world.endpoint().setAccepting(false);
  client = &world.connect();
  client->send("for anyone");
  world.settle();
  EXPECT_EQ(other.count(), 0U);
  world.endpoint().close();
  world.settle();
  ASSERT_EQ(other.count(), 1U);
  EXPECT_EQ(other.at(0).received(), "for anyone");
  EXPECT_EQ(client->failure(), 0);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kConnectFailures), 1U);
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::ConnectRetries), 1U);
}

TEST_P(HandshakeTest, ThatTheEndpointDoesNotAnswerIsTriedElsewhere) {
  Endpoint& other = world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.publish();
  world.endpoint().setAccepting(false);
  client = &world.connect();
  client->send("for anyone");
  world.settle();
  EXPECT_EQ(other.count(), 0U);
  world.advance(std::chrono::milliseconds(1200));
  ASSERT_EQ(other.count(), 1U);
  EXPECT_EQ(other.at(0).received(), "for anyone");
}

TEST_P(HandshakeTest, CountsIntoTheConnectTime) {
  world.network.setDelay(std::chrono::milliseconds(10));
  client = &world.connect();
  world.advance(std::chrono::milliseconds(500));
  ASSERT_EQ(world.endpoint().count(), 1U);
  const std::uint64_t connectUs = world.proxy.endpointCell(1, 1, EndpointTcpCell::kConnectUsSum);
  EXPECT_GE(connectUs, 30'000U) << "a connect and two flights";
  EXPECT_LE(connectUs, 60'000U);
}

INSTANTIATE_TEST_SUITE_P(Transports, HandshakeTest, testing::ValuesIn(kSecured), wiringName);

}  // namespace
}  // namespace weft::test
