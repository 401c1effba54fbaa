// Detection: who speaks first, in which pieces, and who does not; what is held meanwhile, what is
// opened early, and how all of it can end.
#include "proxy/detect.h"

#include "session_fixture.h"

namespace weft::test {
namespace {

using snapshot::Protocol;

/// Of what is told apart and forwarded as bytes.
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class DetectTest : public SessionTest {
 protected:
  DetectTest() {
    snapshot::Listener& listener = world.config.listener(1);
    listener.protocol = Protocol::Detect;
    listener.serverFirstAfter = std::chrono::milliseconds(20);
    listener.detectTimeout = std::chrono::seconds(10);
    world.publish();
  }

  void speak(std::string_view bytes) {
    client->send(bytes);
    world.settle();
  }

  /// A client that says something before anybody looks.
  void connectWith(std::string_view bytes) {
    client = &world.connect();
    speak(bytes);
  }

  [[nodiscard]] std::size_t upstreams() { return world.endpoint().count(); }

  void meetServer() {
    ASSERT_EQ(upstreams(), 1U);
    server = &world.endpoint().at(0);
  }

  [[nodiscard]] std::uint64_t counted(Protocol protocol) {
    return world.proxy.listenerCell(
        1, ListenerTcpCell::kProtocols + static_cast<std::size_t>(protocol) - 1);
  }

  [[nodiscard]] std::uint64_t buffered() {
    return world.proxy.workerCell(WorkerCell::BufferedBytesNow);
  }

  [[nodiscard]] engine::ConnectionDump shown() {
    engine::DumpResult result;
    world.proxy.worker().dump({.countMax = 1, .filter = {}}, result);
    return result.connections.at(0);
  }

  void ejectAfterOneEarlyClose() {
    snapshot::Ejection& ejection = world.config.cluster(1).ejection.value();
    ejection.earlyClose = std::chrono::seconds(1);
    ejection.consecutiveEarlyCloses = 1;
    world.publish();
  }

  /// Both sides end in order.
  void finishBoth() {
    client->finish();
    server->finish();
    world.settle();
    expectEnded(CloseReason::Finished);
  }
};

TEST_P(DetectTest, ForwardsWhatIsClearAtOnceWithoutLettingTimePass) {
  connectWith(kPreface);
  meetServer();
  EXPECT_EQ(server->received(), kPreface);
  EXPECT_EQ(counted(Protocol::Http2), 1U);
  EXPECT_EQ(buffered(), 0U);
  EXPECT_EQ(shown().protocol, Protocol::Http2);
  server->send("an answer");
  world.settle();
  EXPECT_EQ(client->received(), "an answer");
  finishBoth();
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kReadBytes), kPreface.size());
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kWriteBytes), kPreface.size());
  const auto ended = world.proxy.sink().of(EventKind::ConnectionClosed);
  EXPECT_EQ(ended.at(0).numbers.at(8), kPreface.size());
  EXPECT_EQ(ended.at(0).numbers.at(11), static_cast<std::uint64_t>(Protocol::Http2));
}

TEST_P(DetectTest, CountsEachProtocol) {
  connectWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_EQ(counted(Protocol::Http2), 1U);
  connectWith(std::string_view("\0\0\0\x08\x04\xd2\x16\x2f", 8));
  EXPECT_EQ(counted(Protocol::Opaque), 1U);
  connectWith("*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(counted(Protocol::Opaque), 2U);
}

TEST_P(DetectTest, GivesTheSameVerdictOneByteAtATime) {
  client = &world.connect();
  for (const char byte : kPreface) {
    speak({&byte, 1});
  }
  meetServer();
  EXPECT_EQ(server->received(), kPreface);
  EXPECT_EQ(counted(Protocol::Http2), 1U);
  finishBoth();
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kReadBytes), kPreface.size());
}

TEST_P(DetectTest, HoldsAnUndecidedBeginningAndConnectsNobodyForIt) {
  connectWith("PRI * HT");
  EXPECT_EQ(upstreams(), 0U);
  EXPECT_EQ(shown().state, proxy::ConnectionState::Detecting);
  EXPECT_EQ(shown().protocol, Protocol::Detect);
  EXPECT_EQ(shown().bufferedBytes, 8U);
  EXPECT_GT(buffered(), 0U);
  speak("TP/2.0\r\n\r\nSM\r\n\r\n");
  meetServer();
  EXPECT_EQ(server->received(), kPreface);
  EXPECT_EQ(buffered(), 0U);
  finishBoth();
}

TEST_P(DetectTest, ConnectsForASilentClientAndLetsTheServerSpeak) {
  client = &world.connect();
  world.settle();
  EXPECT_EQ(upstreams(), 0U);
  world.advance(std::chrono::milliseconds(15));
  EXPECT_EQ(upstreams(), 0U) << "the client may still speak";
  world.advance(std::chrono::milliseconds(15));
  meetServer();
  EXPECT_EQ(counted(Protocol::Opaque), 0U);
  server->send("220 ready\r\n");
  world.settle();
  EXPECT_EQ(client->received(), "220 ready\r\n");
  EXPECT_EQ(counted(Protocol::Opaque), 1U);
  speak("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(server->received(), "GET / HTTP/1.1\r\n\r\n") << "what it looks like does not matter";
  EXPECT_EQ(counted(Protocol::Http1), 0U);
  finishBoth();
}

TEST_P(DetectTest, UsesTheOpenConnectionWhenTheClientSpeaksFirstAfterAll) {
  client = &world.connect();
  world.advance(std::chrono::seconds(3));
  meetServer();
  speak(kPreface);
  EXPECT_EQ(upstreams(), 1U);
  EXPECT_EQ(server->received(), kPreface);
  EXPECT_EQ(counted(Protocol::Http2), 1U);
  server->send("answer");
  world.settle();
  EXPECT_EQ(client->received(), "answer");
  finishBoth();
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kOpens), 1U);
}

TEST_P(DetectTest, TakesOverAConnectThatIsUnderWay) {
  world.network.setDelay(std::chrono::milliseconds(15));
  client = &world.connect();
  client->send(kPreface);
  world.advance(std::chrono::milliseconds(300));
  meetServer();
  EXPECT_EQ(server->received(), kPreface);
  EXPECT_EQ(counted(Protocol::Http2), 1U);
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::ConnectAttempts), 1U);
}

TEST_P(DetectTest, DoesNotStallAServerThatSpeaksFirstToAClientThatSaysALittle) {
  connectWith("QUIT");
  EXPECT_EQ(upstreams(), 0U);
  world.advance(std::chrono::milliseconds(40));
  meetServer();
  EXPECT_EQ(server->received(), "") << "not decided yet";
  server->send("hello");
  world.settle();
  EXPECT_EQ(client->received(), "hello");
  EXPECT_EQ(server->received(), "QUIT");
  EXPECT_EQ(counted(Protocol::Opaque), 1U);
  finishBoth();
}

TEST_P(DetectTest, ForwardsWhatStaysUndecidedAfterTheTimeout) {
  connectWith("GET /");
  world.advance(std::chrono::milliseconds(9'900));
  meetServer();
  EXPECT_EQ(server->received(), "");
  world.advance(std::chrono::milliseconds(1'600));
  EXPECT_EQ(server->received(), "GET /");
  EXPECT_EQ(counted(Protocol::Opaque), 1U);
  finishBoth();
}

TEST_P(DetectTest, HoldsNoMoreThan64KiB) {
  connectWith("GET /" + std::string(200'000, 'a'));
  EXPECT_EQ(counted(Protocol::Opaque), 1U);
  meetServer();
  EXPECT_EQ(server->received().size(), 200'005U);
  finishBoth();
}

TEST_P(DetectTest, ForwardsTheEndBehindAnUndecidedBeginning) {
  client = &world.connect();
  client->send("GE");
  client->finish();
  world.settle();
  meetServer();
  EXPECT_EQ(server->received(), "GE");
  EXPECT_TRUE(server->ended());
  server->send("what?");
  server->finish();
  world.settle();
  EXPECT_EQ(client->received(), "what?");
  EXPECT_TRUE(client->ended());
  expectEnded(CloseReason::Finished);
}

TEST_P(DetectTest, ConnectsForAClientThatOnlyEnds) {
  client = &world.connect();
  client->finish();
  world.settle();
  meetServer();
  EXPECT_TRUE(server->ended());
  server->send("a greeting all the same");
  server->finish();
  world.settle();
  EXPECT_EQ(client->received(), "a greeting all the same");
  expectEnded(CloseReason::Finished);
}

TEST_P(DetectTest, ForwardsTheEndOfASilentPair) {
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  meetServer();
  server->finish();
  world.settle();
  EXPECT_TRUE(client->ended());
  EXPECT_EQ(counted(Protocol::Opaque), 1U);
  client->finish();
  world.settle();
  expectEnded(CloseReason::Finished);
}

TEST_P(DetectTest, EndsWithAClientThatResetsBeforeItSpeaks) {
  client = &world.connect();
  world.settle();
  client->reset();
  world.settle();
  EXPECT_EQ(upstreams(), 0U);
  expectEnded(CloseReason::DownstreamGone);
}

TEST_P(DetectTest, EndsWithAClientThatResetsWithinItsFirstBytes) {
  connectWith("GET ");
  client->reset();
  world.settle();
  EXPECT_EQ(upstreams(), 0U);
  expectEnded(CloseReason::DownstreamGone);
}

TEST_P(DetectTest, PassesTheResetOfASilentClientOn) {
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  meetServer();
  client->reset();
  world.settle();
  EXPECT_NE(server->failure(), 0);
  expectEnded(CloseReason::DownstreamReset);
  EXPECT_EQ(world.proxy.upstreamCloses(1, 1, 0), 1U);
}

TEST_P(DetectTest, PassesTheResetOfAServerOn) {
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  meetServer();
  server->reset();
  world.settle();
  EXPECT_NE(client->failure(), 0);
  expectEnded(CloseReason::UpstreamReset);
}

TEST_P(DetectTest, EjectsAServerThatEndsTheEarlyConnectionAtOnce) {
  ejectAfterOneEarlyClose();
  client = &world.connect();
  world.advance(std::chrono::milliseconds(30));
  meetServer();
  server->finish();
  world.settle();
  client->finish();
  world.settle();
  EXPECT_EQ(world.proxy.sink().of(EventKind::EndpointUnavailable).size(), 1U);
}

TEST_P(DetectTest, CountsNoEarlyCloseFromTheFirstBytesOn) {
  ejectAfterOneEarlyClose();
  client = &world.connect();
  world.advance(std::chrono::seconds(5));
  meetServer();
  server->finish();
  world.settle();
  client->finish();
  world.settle();
  EXPECT_TRUE(world.proxy.sink().of(EventKind::EndpointUnavailable).empty());
}

TEST_P(DetectTest, EndsASilentClientWhoseClusterCannotBeReached) {
  world.endpoint().close();
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  EXPECT_NE(client->failure(), 0);
  expectEnded(CloseReason::ConnectRefused);
}

TEST_P(DetectTest, LetsASilentPairGoAfterTheIdleTimeout) {
  world.config.listener(1).idleTimeout = std::chrono::seconds(30);
  world.publish();
  client = &world.connect();
  world.advance(std::chrono::seconds(29));
  EXPECT_EQ(connectionsNow(), 1U);
  EXPECT_EQ(buffered(), 0U);
  world.advance(std::chrono::seconds(6));
  expectEnded(CloseReason::IdleTimeout);
}

TEST_P(DetectTest, KeepsASilentPairWithoutATimer) {
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  meetServer();
  world.advance(std::chrono::seconds(5));
  EXPECT_FALSE(world.poller().sleepsUntil().has_value());
  world.advance(std::chrono::hours(20));
  speak(kPreface);
  EXPECT_EQ(server->received(), kPreface);
}

TEST_P(DetectTest, WaitsForTheClientWhereServersNeverSpeakFirst) {
  world.config.listener(1).serverFirstAfter.reset();
  world.publish();
  client = &world.connect();
  world.advance(std::chrono::minutes(10));
  EXPECT_EQ(upstreams(), 0U);
  speak(kPreface);
  meetServer();
  finishBoth();
}

TEST_P(DetectTest, IsAbortedAtADrainsDeadline) {
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  meetServer();
  world.proxy.drain(std::chrono::seconds(1), false);
  world.advance(std::chrono::seconds(2));
  EXPECT_EQ(world.proxy.forcedCount(), 1U);
  expectEnded(CloseReason::DrainDeadline);
}

TEST_P(DetectTest, IsAbortedWhenTheProxyStops) {
  connectWith("GET ");
  Peer& silent = world.connect();
  world.advance(std::chrono::seconds(1));
  world.proxy.stop();
  world.settle();
  EXPECT_NE(client->failure(), 0);
  EXPECT_NE(silent.failure(), 0);
  EXPECT_EQ(closes(CloseReason::Stopped), 2U);
}

TEST_P(DetectTest, IsEndedWithItsEarlyEndpointAfterTheDrainTimeout) {
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  meetServer();
  world.config.removeEndpoint(1, 1);
  world.publish();
  world.advance(std::chrono::seconds(5));
  EXPECT_EQ(connectionsNow(), 1U);
  world.advance(std::chrono::seconds(10));
  expectEnded(CloseReason::EndpointRemoved);
}

TEST_P(DetectTest, LeavesAnEarlyConnectionUnusedWhenTheListenerGotAnotherCluster) {
  Endpoint& other =
      world.around().listen(addressOf("10.0.1.2:90"), [](os::Sockets& sockets, int fd) {
        return static_cast<MemorySockets&>(sockets).listenAddress(fd);
      });
  client = &world.connect();
  world.advance(std::chrono::seconds(1));
  meetServer();
  world.config.endpoint(2, 2, other.address());
  world.config.listener(1).clusterId = base::ClusterId{2};
  world.publish();
  speak(kPreface);
  EXPECT_EQ(server->received(), "");
  EXPECT_TRUE(server->over());
  ASSERT_EQ(other.count(), 1U);
  EXPECT_EQ(other.at(0).received(), kPreface);
  EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kOpenNow), 0U);
  EXPECT_EQ(world.proxy.endpointCell(2, 2, EndpointTcpCell::kOpenNow), 1U);
}

TEST_P(DetectTest, EndsAConnectionWhoseBeginningFindsNoRoom) {
  world.config.next.limits.bufferedBytesMax = 1;
  world.publish();
  connectWith("GET ");
  expectEnded(CloseReason::BufferLimit);
}

TEST_P(DetectTest, TakesTheWordOfAPortBeforeThatOfTheClusterBeforeThatOfTheListener) {
  world.config.cluster(1).protocol = Protocol::Http2;
  world.publish();
  open();
  EXPECT_EQ(counted(Protocol::Http2), 1U) << "at once, without a byte";
  world.config.listener(1).portProtocols = {
      {.firstPort = 1, .lastPort = 79, .protocol = Protocol::Tls},
      {.firstPort = 80, .lastPort = 80, .protocol = Protocol::Grpc}};
  world.publish();
  open();
  EXPECT_EQ(counted(Protocol::Grpc), 1U);
}

INSTANTIATE_TEST_SUITE_P(Transports, DetectTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
