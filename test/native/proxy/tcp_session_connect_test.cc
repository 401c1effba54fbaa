// Finding an endpoint for a session: the next one when one fails, and a reason when none is left.
#include "session_fixture.h"

namespace weft::test {
namespace {

class TcpSessionConnectTest : public SessionTest {
 protected:
  void SetUp() override {
    second = &world.addEndpoint(2, addressOf("10.0.1.2:90"));
    world.publish();
  }

  void answer(std::uint32_t endpointNumber, Answer answer) {
    world.network.setAnswer(endpointNumber == 1 ? world.endpoint().address() : second->address(),
                            answer);
  }

  void ask() {
    client = &world.connect();
    client->send("question");
    world.settle();
  }

  [[nodiscard]] std::uint64_t failuresOf(std::uint32_t endpoint) {
    return world.proxy.endpointCell(1, endpoint, EndpointTcpCell::kConnectFailures);
  }

  /// The client got a reset, and the record has this errno and number of attempts.
  void expectFailed(CloseReason reason, int sysErrno, std::uint64_t attempts) {
    EXPECT_NE(client->failure(), 0);
    EXPECT_FALSE(client->ended());
    expectEnded(reason);
    const auto ended = world.proxy.sink().of(EventKind::ConnectionClosed);
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].numbers.at(5), static_cast<std::uint64_t>(sysErrno));
    EXPECT_EQ(ended[0].numbers.at(10), attempts);
    EXPECT_EQ(ended[0].fields.at(1), "") << "no endpoint was connected to";
    EXPECT_EQ(world.sockets.openCount(), 1U) << "only the listener is open";
  }

  Endpoint* second = nullptr;
};

TEST_P(TcpSessionConnectTest, RefusedGoesToTheNextEndpoint) {
  answer(1, Answer::Refused);
  ask();
  ASSERT_EQ(second->count(), 1U);
  EXPECT_EQ(second->at(0).received(), "question");
  EXPECT_EQ(client->failure(), 0);
  EXPECT_EQ(failuresOf(1), 1U);
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::ConnectAttempts), 1U);
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::ConnectRetries), 1U);
}

TEST_P(TcpSessionConnectTest, UnreachableGoesToTheNextEndpoint) {
  answer(1, Answer::Unreachable);
  ask();
  ASSERT_EQ(second->count(), 1U);
  EXPECT_EQ(second->at(0).received(), "question");
  EXPECT_EQ(failuresOf(1), 1U);
}

TEST_P(TcpSessionConnectTest, SilenceGoesToTheNextEndpointAfterTheTimeout) {
  answer(1, Answer::Silence);
  ask();
  world.advance(std::chrono::milliseconds(950));
  EXPECT_EQ(second->count(), 0U);
  world.advance(std::chrono::milliseconds(250));
  ASSERT_EQ(second->count(), 1U);
  EXPECT_EQ(second->at(0).received(), "question");
  EXPECT_EQ(failuresOf(1), 1U);
}

TEST_P(TcpSessionConnectTest, ADeadEndpointIsAvoidedForAWhileAndThenTriedAgain) {
  answer(1, Answer::Refused);
  for (int i = 0; i < 6; ++i) {
    ask();
  }
  EXPECT_EQ(failuresOf(1), 1U) << "only the first connection met it";
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kUnavailableNow), 1U);
  EXPECT_EQ(world.proxy.sink().of(EventKind::EndpointUnavailable).size(), 1U);
  answer(1, Answer::Listener);
  world.advance(std::chrono::milliseconds(200));
  ask();
  ask();
  EXPECT_EQ(world.endpoint().count(), 2U) << "a probe and a connection";
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kUnavailableNow), 0U);
  EXPECT_EQ(world.proxy.sink().of(EventKind::EndpointAvailable).size(), 1U);
}

TEST_P(TcpSessionConnectTest, RefusedByAllIsToldSo) {
  answer(1, Answer::Refused);
  answer(2, Answer::Refused);
  ask();
  expectFailed(CloseReason::ConnectRefused, ECONNREFUSED, 2);
}

TEST_P(TcpSessionConnectTest, AnsweredByNoneIsToldSo) {
  // No probe is under way at the end.
  world.config.cluster(1).ejection.reset();
  world.publish();
  answer(1, Answer::Silence);
  answer(2, Answer::Silence);
  ask();
  world.advance(std::chrono::seconds(3));
  expectFailed(CloseReason::ConnectTimeout, 0, 2);
}

TEST_P(TcpSessionConnectTest, UnreachableForAllIsToldSo) {
  answer(1, Answer::Unreachable);
  answer(2, Answer::Unreachable);
  ask();
  expectFailed(CloseReason::ConnectFailed, EHOSTUNREACH, 2);
}

TEST_P(TcpSessionConnectTest, TheLastFailureIsTheReason) {
  // No probe is under way at the end.
  world.config.cluster(1).ejection.reset();
  world.publish();
  answer(1, Answer::Refused);
  answer(2, Answer::Silence);
  ask();
  world.advance(std::chrono::seconds(2));
  expectFailed(CloseReason::ConnectTimeout, 0, 2);
}

TEST_P(TcpSessionConnectTest, NoMoreEndpointsAreTriedThanAllowed) {
  world.config.cluster(1).connectAttemptsMax = 1;
  world.publish();
  answer(1, Answer::Refused);
  ask();
  EXPECT_EQ(second->count(), 0U);
  expectFailed(CloseReason::ConnectRefused, ECONNREFUSED, 1);
}

TEST_P(TcpSessionConnectTest, AClusterWithoutEndpointsIsToldSo) {
  world.config.removeEndpoint(1, 1);
  world.config.removeEndpoint(1, 2);
  world.publish();
  ask();
  expectFailed(CloseReason::NoEndpoint, 0, 0);
}

TEST_P(TcpSessionConnectTest, WithoutADescriptorNobodyIsToBlame) {
  client = &world.connect();
  client->step();
  world.sockets.setDescriptorMax(2);
  world.settle();
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::ConnectAttempts), 1U);
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::ConnectRetries), 0U)
      << "the next one needs one as well";
  EXPECT_EQ(failuresOf(1) + failuresOf(2), 0U);
  expectFailed(CloseReason::ResourcesExhausted, EMFILE, 1);
}

TEST_P(TcpSessionConnectTest, WithoutAWatchForTheUpstreamDescriptorNobodyIsToBlame) {
  int watches = 0;
  world.sockets.failCalls(
      [&watches](Call call) { return call == Call::Watch && ++watches == 2 ? ENOSPC : 0; });
  ask();
  EXPECT_EQ(failuresOf(1) + failuresOf(2), 0U);
  expectFailed(CloseReason::ResourcesExhausted, ENOSPC, 1);
}

TEST_P(TcpSessionConnectTest, WithoutAWatchForTheDownstreamDescriptorNothingIsTried) {
  world.sockets.failCalls([](Call call) { return call == Call::Watch ? ENOSPC : 0; });
  ask();
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::ConnectAttempts), 0U);
  expectFailed(CloseReason::ResourcesExhausted, ENOSPC, 0);
}

TEST_P(TcpSessionConnectTest, AClientThatHasOnlyEndedItsHalfStillGetsItsAnswer) {
  answer(1, Answer::Silence);
  client = &world.connect();
  client->send("question");
  client->finish();
  world.settle();
  world.advance(std::chrono::milliseconds(1200));
  ASSERT_EQ(second->count(), 1U);
  second->at(0).send("answer");
  second->at(0).finish();
  world.settle();
  EXPECT_EQ(client->received(), "answer");
  EXPECT_TRUE(client->ended());
  EXPECT_EQ(closes(CloseReason::Finished), 1U);
}

INSTANTIATE_TEST_SUITE_P(Transports, TcpSessionConnectTest, testing::ValuesIn(kAllWirings),
                         wiringName);

}  // namespace
}  // namespace weft::test
