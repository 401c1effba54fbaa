// Draining: no new connections, open ones finish until the deadline, then they are reset.
#include "proxy/drain.h"

#include "session_fixture.h"

namespace weft::test {
namespace {

using DrainTest = SessionTest;

TEST_P(DrainTest, OfAnIdleProxyIsOverAtOnce) {
  world.proxy.drain(std::chrono::seconds(10), false);
  EXPECT_TRUE(world.proxy.drained());
  EXPECT_EQ(world.proxy.forcedCount(), 0U);
  EXPECT_EQ(world.sockets.openCount(), 0U) << "the listener is closed";
}

TEST_P(DrainTest, IsOverWhenTheLastConnectionHasEnded) {
  open();
  world.proxy.drain(std::chrono::seconds(10), false);
  world.advance(std::chrono::seconds(5));
  EXPECT_FALSE(world.proxy.drained());
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::DrainingNow), 1U);
  client->send("the last words");
  client->finish();
  world.settle();
  EXPECT_EQ(server->received(), "the last words");
  server->finish();
  world.settle();
  EXPECT_TRUE(world.proxy.drained());
  EXPECT_EQ(world.proxy.forcedCount(), 0U);
  expectEnded(CloseReason::Finished);
}

TEST_P(DrainTest, ResetsWhatIsOpenAtTheDeadline) {
  open();
  Peer* other = &world.connect();
  world.settle();
  world.proxy.drain(std::chrono::seconds(10), false);
  world.advance(std::chrono::milliseconds(9900));
  EXPECT_FALSE(world.proxy.drained());
  world.advance(std::chrono::seconds(2));
  EXPECT_TRUE(world.proxy.drained());
  EXPECT_EQ(world.proxy.forcedCount(), 2U);
  EXPECT_EQ(closes(CloseReason::DrainDeadline), 2U);
  EXPECT_NE(client->failure(), 0);
  EXPECT_NE(other->failure(), 0);
  EXPECT_NE(server->failure(), 0);
}

TEST_P(DrainTest, ServesWhatWaitedInTheListenerWhenItClosed) {
  client = &world.connect();
  client->send("just in time");
  client->step();
  world.proxy.drain(std::chrono::seconds(10), false);
  world.settle();
  ASSERT_EQ(world.endpoint().count(), 1U);
  EXPECT_EQ(world.endpoint().at(0).received(), "just in time");
}

TEST_P(DrainTest, RefusesNewConnections) {
  open();
  world.proxy.drain(std::chrono::seconds(10), false);
  Peer& late = world.connect();
  world.settle();
  EXPECT_EQ(late.failure(), ECONNREFUSED);
}

TEST_P(DrainTest, ThatKeepsItsListenersServesNewConnectionsUntilTheDeadline) {
  open();
  client->finish();
  server->finish();
  world.settle();
  world.proxy.drain(std::chrono::seconds(10), true);
  EXPECT_FALSE(world.proxy.drained()) << "somebody may still come";
  open();
  client->send("late but welcome");
  world.settle();
  EXPECT_EQ(server->received(), "late but welcome");
  world.advance(std::chrono::seconds(12));
  EXPECT_TRUE(world.proxy.drained());
  EXPECT_EQ(world.proxy.forcedCount(), 1U);
}

TEST_P(DrainTest, CanBeMadeShorterAndNotLonger) {
  open();
  world.proxy.drain(std::chrono::seconds(60), false);
  world.proxy.drain(std::chrono::seconds(5), false);
  world.proxy.drain(std::chrono::seconds(100), false);
  world.advance(std::chrono::milliseconds(5800));
  EXPECT_TRUE(world.proxy.drained()) << "all three are answered";
  EXPECT_EQ(world.proxy.forcedCount(), 3U) << "each caller is told";
  expectEnded(CloseReason::DrainDeadline);
}

TEST_P(DrainTest, OfOneDirectionLeavesTheOtherOpen) {
  open();
  world.proxy.drain(std::chrono::seconds(10), false, engine::DrainScope::Inbound);
  EXPECT_TRUE(world.proxy.drained()) << "nothing is inbound here";
  world.advance(std::chrono::seconds(20));
  client->send("outbound goes on");
  Peer& late = world.connect();
  world.settle();
  EXPECT_EQ(server->received(), "outbound goes on");
  EXPECT_EQ(late.failure(), 0);
  world.proxy.drain(std::chrono::seconds(5), false);
  world.advance(std::chrono::seconds(6));
  EXPECT_TRUE(world.proxy.drained());
  EXPECT_EQ(world.proxy.forcedCount(), 2U);
}

TEST_P(DrainTest, OfInboundResetsInboundAtItsDeadlineAndNothingElse) {
  world.config.listener(1).direction = snapshot::Direction::Inbound;
  world.publish();
  open();
  world.proxy.drain(std::chrono::seconds(10), false, engine::DrainScope::Inbound);
  EXPECT_EQ(world.sockets.openCount(), 2U) << "the listener is closed, the connection is not";
  world.advance(std::chrono::seconds(12));
  EXPECT_TRUE(world.proxy.drained());
  EXPECT_EQ(world.proxy.forcedCount(), 1U);
  EXPECT_NE(client->failure(), 0);
}

TEST_P(DrainTest, IsNotUndoneByALaterSnapshot) {
  open();
  world.proxy.drain(std::chrono::seconds(60), false);
  world.publish();
  Peer& late = world.connect();
  world.settle();
  EXPECT_EQ(late.failure(), ECONNREFUSED);
}

TEST_P(DrainTest, IsAnsweredWhenTheProxyStops) {
  open();
  world.proxy.drain(std::chrono::seconds(60), false);
  world.proxy.stop();
  EXPECT_TRUE(world.proxy.drained());
  expectEnded(CloseReason::Stopped);
}

TEST_P(DrainTest, StoppingResetsEverything) {
  open();
  client->send("unread");
  world.proxy.stop();
  world.around().step();
  EXPECT_NE(client->failure(), 0);
  EXPECT_NE(server->failure(), 0);
  expectEnded(CloseReason::Stopped);
  EXPECT_EQ(world.sockets.openCount(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Transports, DrainTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
