// A reset stays a reset: from either side, at every stage, after what came before it, and never as
// an end in order.
#include <cerrno>

#include "session_fixture.h"

namespace weft::test {
namespace {

class TcpSessionResetTest : public SessionTest {
 protected:
  /// The peer got a reset and no end.
  static void expectReset(const Peer& peer) {
    EXPECT_FALSE(peer.ended());
    EXPECT_NE(peer.failure(), 0);
  }

  /// The errno of the side that failed is counted on that side only.
  void expectDownstreamErrno(int sysErrno) {
    EXPECT_EQ(world.proxy.downstreamCloses(1, sysErrno), 1U);
    EXPECT_EQ(world.proxy.upstreamCloses(1, 1, 0), 1U);
  }

  void expectUpstreamErrno(int sysErrno) {
    EXPECT_EQ(world.proxy.upstreamCloses(1, 1, sysErrno), 1U);
    EXPECT_EQ(world.proxy.downstreamCloses(1, 0), 1U);
  }
};

TEST_P(TcpSessionResetTest, FromAnIdleClientReachesTheEndpoint) {
  open();
  client->reset();
  world.settle();
  expectReset(*server);
  expectEnded(CloseReason::DownstreamReset);
  expectDownstreamErrno(ECONNRESET);
}

TEST_P(TcpSessionResetTest, FromAnIdleEndpointReachesTheClient) {
  open();
  server->reset();
  world.settle();
  expectReset(*client);
  expectEnded(CloseReason::UpstreamReset);
  expectUpstreamErrno(ECONNRESET);
}

TEST_P(TcpSessionResetTest, FromAClientComesAfterWhatItSent) {
  open();
  const std::string bytes = patternBytes(15'000);
  server->setReadMax(100);
  client->send(bytes);
  client->step();
  client->reset();
  world.settle();
  server->readOn();
  world.advance(std::chrono::milliseconds(100));
  EXPECT_TRUE(server->received() == bytes);
  expectReset(*server);
  expectEnded(CloseReason::DownstreamReset);
}

TEST_P(TcpSessionResetTest, FromAnEndpointComesAfterWhatItSent) {
  open();
  const std::string bytes = patternBytes(15'000);
  client->setReadMax(100);
  server->send(bytes);
  server->step();
  server->reset();
  world.settle();
  client->readOn();
  world.advance(std::chrono::milliseconds(100));
  EXPECT_TRUE(client->received() == bytes);
  expectReset(*client);
  expectEnded(CloseReason::UpstreamReset);
}

TEST_P(TcpSessionResetTest, FromAnEndpointWaitsForASlowClientToTakeWhatIsHeld) {
  world.network.setBuffers(8192, 16'384);
  open();
  // More than the client's connection holds: the proxy holds the rest when the reset comes.
  const std::string bytes = patternBytes(24'000);
  client->setReadMax(0);
  server->send(bytes);
  world.settle();
  ASSERT_TRUE(server->sentAll());
  server->reset();
  world.settle();
  EXPECT_EQ(connectionsNow(), 1U);
  client->readOn();
  world.advance(std::chrono::milliseconds(500));
  EXPECT_EQ(client->received().size(), bytes.size());
  EXPECT_TRUE(client->received() == bytes);
  expectReset(*client);
  expectEnded(CloseReason::UpstreamReset);
}

TEST_P(TcpSessionResetTest, WaitsASecondForAReaderThatReadsNothing) {
  world.network.setBuffers(1000, 1000);
  open();
  server->setReadMax(0);
  client->send(patternBytes(1500));
  world.settle();
  client->reset();
  world.settle();
  EXPECT_EQ(connectionsNow(), 1U) << "what was sent may still arrive";
  world.advance(std::chrono::milliseconds(900));
  EXPECT_EQ(connectionsNow(), 1U);
  world.advance(std::chrono::milliseconds(200));
  expectEnded(CloseReason::DownstreamReset);
}

TEST_P(TcpSessionResetTest, FromAClientDropsWhatIsHeldForIt) {
  world.network.setBuffers(8192, 8192);
  open();
  client->setReadMax(0);
  server->send(patternBytes(200'000));
  world.settle();
  client->reset();
  world.settle();
  expectReset(*server);
  expectEnded(CloseReason::DownstreamReset);
}

TEST_P(TcpSessionResetTest, FromAnEndpointDropsWhatIsHeldForIt) {
  world.network.setBuffers(8192, 8192);
  open();
  server->setReadMax(0);
  client->send(patternBytes(200'000));
  world.settle();
  server->reset();
  world.settle();
  expectReset(*client);
  expectEnded(CloseReason::UpstreamReset);
}

TEST_P(TcpSessionResetTest, AfterAnEndFromTheClientReachesTheEndpoint) {
  open();
  client->send("all");
  client->finish();
  world.settle();
  ASSERT_TRUE(server->ended());
  client->reset();
  world.settle();
  server->send("who hears this?");
  world.settle();
  EXPECT_NE(server->failure(), 0) << "the reset came although nobody had written";
  expectEnded(CloseReason::DownstreamReset);
}

TEST_P(TcpSessionResetTest, AfterAnEndFromTheEndpointReachesTheClient) {
  open();
  server->send("all");
  server->finish();
  world.settle();
  ASSERT_TRUE(client->ended());
  server->reset();
  world.settle();
  EXPECT_EQ(connectionsNow(), 0U) << "the reset was noticed although nobody had written";
  client->send("who hears this?");
  world.settle();
  EXPECT_NE(client->failure(), 0);
  expectEnded(CloseReason::UpstreamReset);
}

TEST_P(TcpSessionResetTest, RightBehindAnEndReachesTheOtherSide) {
  open();
  client->send("all");
  client->finish();
  client->step();
  client->reset();
  world.settle();
  EXPECT_EQ(connectionsNow(), 0U);
  EXPECT_EQ(server->received(), "all");
  EXPECT_EQ(closes(CloseReason::DownstreamReset), 1U);
}

TEST_P(TcpSessionResetTest, OfTheHalfThatStillFlowsReachesTheOneThatHasEnded) {
  open();
  client->finish();
  world.settle();
  ASSERT_TRUE(server->ended());
  server->send("half of an ans");
  server->step();
  server->reset();
  world.settle();
  EXPECT_EQ(client->received(), "half of an ans");
  expectReset(*client);
  expectEnded(CloseReason::UpstreamReset);
}

TEST_P(TcpSessionResetTest, FoundByAWriteLeavesWhatWaitsToBeRead) {
  open();
  // The endpoint answers and closes without having read everything, as a server does that refuses
  // an upload.
  const std::string answer = patternBytes(30'000);
  client->setReadMax(0);
  server->setReadMax(0);
  server->send(answer);
  server->step();
  client->send("an upload that nobody wants");
  client->step();
  world.settle();
  server->reset();
  client->send("more of it");
  world.settle();
  client->readOn();
  world.advance(std::chrono::milliseconds(100));
  EXPECT_TRUE(client->received() == answer);
  expectReset(*client);
  expectEnded(CloseReason::UpstreamReset);
}

TEST_P(TcpSessionResetTest, WhileConnectingEndsTheAttempt) {
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Silence);
  client = &world.connect();
  client->send("early");
  world.settle();
  if (!client->opened()) {
    GTEST_FAIL() << "the downstream handshake does not need the endpoint";
  }
  client->reset();
  world.settle();
  expectEnded(CloseReason::DownstreamGone);
  EXPECT_EQ(world.proxy.downstreamCloses(1, ECONNRESET), 1U);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kConnectFailures), 0U)
      << "the endpoint is not to blame";
  EXPECT_EQ(world.sockets.openCount(), 1U);
}

TEST_P(TcpSessionResetTest, OfTheEndpointAsItAcceptsReachesTheClient) {
  world.endpoint().setAccepting(false);
  client = &world.connect();
  client->send("hello");
  world.settle();
  world.endpoint().close();
  world.settle();
  EXPECT_NE(client->failure(), 0);
  EXPECT_FALSE(client->ended());
  EXPECT_EQ(connectionsNow(), 0U);
}

TEST_P(TcpSessionResetTest, IsToldApartFromAClientThatIsLost) {
  open();
  world.sockets.timeOut(kDownstreamFd);
  world.settle();
  expectReset(*server);
  expectEnded(CloseReason::DownstreamLost);
  expectDownstreamErrno(ETIMEDOUT);
}

TEST_P(TcpSessionResetTest, IsToldApartFromAnEndpointThatIsLost) {
  open();
  world.sockets.timeOut(kUpstreamFd);
  world.settle();
  expectReset(*client);
  expectEnded(CloseReason::UpstreamLost);
  expectUpstreamErrno(ETIMEDOUT);
}

INSTANTIATE_TEST_SUITE_P(Transports, TcpSessionResetTest, testing::ValuesIn(kAllWirings),
                         wiringName);

}  // namespace
}  // namespace weft::test
