// The life of an opaque session: each half ends by itself, a slow reader stops the writer, silence
// ends it.
#include "proxy/tcp_session.h"

#include "session_fixture.h"

namespace weft::test {
namespace {

using TcpSessionTest = SessionTest;

TEST_P(TcpSessionTest, CarriesBytesBothWaysAndCountsThem) {
  open();
  client->send("question");
  world.settle();
  EXPECT_EQ(server->received(), "question");
  server->send("a longer answer");
  world.settle();
  EXPECT_EQ(client->received(), "a longer answer");
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpenNow), 1U);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kOpenNow), 1U);

  client->finish();
  server->finish();
  world.settle();
  expectEnded(CloseReason::Finished);
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kReadBytes), 8U);
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kWriteBytes), 15U);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kWriteBytes), 8U);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kReadBytes), 15U);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kConnectCount), 1U);
  EXPECT_EQ(world.proxy.downstreamCloses(1, 0), 1U);
  EXPECT_EQ(world.proxy.upstreamCloses(1, 1, 0), 1U);
}

TEST_P(TcpSessionTest, ReportsTheEndingInOneRecord) {
  open();
  client->send("1234");
  world.settle();
  world.advance(std::chrono::milliseconds(250));
  server->send("12");
  client->finish();
  server->finish();
  world.settle();
  const auto events = world.proxy.sink().of(EventKind::ConnectionClosed);
  ASSERT_EQ(events.size(), 1U);
  const auto& numbers = events[0].numbers;
  ASSERT_EQ(numbers.size(), 12U);
  EXPECT_EQ(numbers[0], 0U) << "the first connection of worker 0";
  EXPECT_EQ(numbers[1], 1U) << "listener";
  EXPECT_EQ(numbers[2], 1U) << "cluster";
  EXPECT_EQ(numbers[3], 1U) << "endpoint";
  EXPECT_EQ(numbers[4], static_cast<std::uint64_t>(CloseReason::Finished));
  EXPECT_EQ(numbers[5], 0U) << "errno";
  EXPECT_EQ(events[0].wallUs - numbers[6], 250'000U) << "age";
  EXPECT_EQ(numbers[8], 4U);
  EXPECT_EQ(numbers[9], 2U);
  EXPECT_EQ(numbers[10], 1U) << "attempts";
  ASSERT_EQ(events[0].fields.size(), 3U);
  EXPECT_TRUE(events[0].fields[0].starts_with("10.0.0.1:")) << events[0].fields[0];
  EXPECT_EQ(events[0].fields[1], "10.0.1.1:90");
}

TEST_P(TcpSessionTest, ReportsNothingOfAListenerWithoutAccessLog) {
  world.config.listener(1).accessLog = false;
  world.publish();
  open();
  client->finish();
  server->finish();
  world.settle();
  EXPECT_EQ(closes(CloseReason::Finished), 1U);
  EXPECT_TRUE(world.proxy.sink().of(EventKind::ConnectionClosed).empty());
}

TEST_P(TcpSessionTest, KeepsAnsweringAClientThatHasFinishedAsking) {
  open();
  client->send("all of it");
  client->finish();
  world.settle();
  EXPECT_EQ(server->received(), "all of it");
  EXPECT_TRUE(server->ended());
  EXPECT_EQ(connectionsNow(), 1U) << "only one half has ended";
  world.advance(std::chrono::minutes(5));
  const std::string answer = patternBytes(300'000);
  server->send(answer);
  world.settle();
  EXPECT_TRUE(client->received() == answer);
  EXPECT_FALSE(client->ended());
  server->finish();
  world.settle();
  EXPECT_TRUE(client->ended());
  expectEnded(CloseReason::Finished);
}

TEST_P(TcpSessionTest, KeepsAskingAnEndpointThatHasFinishedAnswering) {
  open();
  server->send("greeting");
  server->finish();
  world.settle();
  EXPECT_EQ(client->received(), "greeting");
  EXPECT_TRUE(client->ended());
  const std::string upload = patternBytes(300'000);
  client->send(upload);
  world.settle();
  EXPECT_TRUE(server->received() == upload);
  EXPECT_FALSE(server->ended());
  client->finish();
  world.settle();
  EXPECT_TRUE(server->ended());
  expectEnded(CloseReason::Finished);
}

TEST_P(TcpSessionTest, HandsOverWhatAClientSentAndEndedBeforeItWasConnected) {
  client = &world.connect();
  client->send("early bytes");
  client->finish();
  client->step();
  world.network.setDelay(std::chrono::milliseconds(50));
  world.settle();
  EXPECT_EQ(world.endpoint().count(), 0U) << "the connect is still on its way";
  EXPECT_EQ(connectionsNow(), 1U);
  world.advance(std::chrono::seconds(2));
  ASSERT_EQ(world.endpoint().count(), 1U);
  server = &world.endpoint().at(0);
  EXPECT_EQ(server->received(), "early bytes");
  EXPECT_TRUE(server->ended());
  server->send("late answer");
  server->finish();
  world.advance(std::chrono::seconds(1));
  EXPECT_EQ(client->received(), "late answer");
  EXPECT_TRUE(client->ended());
  expectEnded(CloseReason::Finished);
}

TEST_P(TcpSessionTest, StopsTheWriterWhenTheReaderIsSlow) {
  open();
  server->setReadMax(1000);
  const std::string bytes = patternBytes(5'000'000);
  client->send(bytes);
  world.settle();
  const std::size_t taken = client->sentBytes();
  EXPECT_LT(taken, 900'000U) << "two connections' buffers and one of ours";
  EXPECT_LE(world.proxy.workerCell(WorkerCell::BufferedBytesNow), 65'536U);
  const std::uint64_t readsBefore = world.sockets.callCount(Call::Read);
  const std::uint64_t splicesBefore = world.sockets.callCount(Call::SpliceIn);
  world.advance(std::chrono::minutes(1));
  EXPECT_EQ(client->sentBytes(), taken);
  EXPECT_EQ(world.sockets.callCount(Call::Read), readsBefore) << "nothing is read while bytes wait";
  EXPECT_EQ(world.sockets.callCount(Call::SpliceIn), splicesBefore);

  server->readOn();
  client->finish();
  world.settle();
  EXPECT_TRUE(server->received() == bytes);
  EXPECT_TRUE(server->ended());
}

TEST_P(TcpSessionTest, HoldsNoBufferWhileItIsIdle) {
  open();
  server->setReadMax(10);
  client->send(patternBytes(1'000'000));
  world.settle();
  EXPECT_GT(world.proxy.workerCell(WorkerCell::BufferedBytesNow) +
                world.proxy.workerCell(WorkerCell::PipesNow),
            0U);
  server->readOn();
  world.settle();
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::BufferedBytesNow), 0U);
  EXPECT_EQ(connectionsNow(), 1U);
}

TEST_P(TcpSessionTest, EndsAfterTheIdleTimeoutWithAReset) {
  world.config.listener(1).idleTimeout = std::chrono::seconds(30);
  world.publish();
  open();
  world.advance(std::chrono::seconds(20));
  client->send("x");
  world.settle();
  world.advance(std::chrono::milliseconds(29'900));
  EXPECT_EQ(connectionsNow(), 1U) << "30 s have not passed since the last byte";
  world.advance(std::chrono::seconds(5));
  expectEnded(CloseReason::IdleTimeout);
  EXPECT_NE(client->failure(), 0);
  EXPECT_NE(server->failure(), 0);
  EXPECT_FALSE(client->ended());
  EXPECT_FALSE(server->ended());
}

TEST_P(TcpSessionTest, LivesOnWithoutAnIdleTimeout) {
  open();
  world.advance(std::chrono::hours(48));
  client->send("still here");
  world.settle();
  EXPECT_EQ(server->received(), "still here");
}

TEST_P(TcpSessionTest, GivesItsPoolsMemoryBackSoonAfterTheLastConnection) {
  open();
  client->send(patternBytes(1'000'000));
  client->finish();
  server->finish();
  world.settle();
  world.advance(std::chrono::seconds(3));
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::PipesNow), 0U);
  EXPECT_EQ(world.sockets.openCount(), 1U) << "only the listener is open";
}

INSTANTIATE_TEST_SUITE_P(Transports, TcpSessionTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
