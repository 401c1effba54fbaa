// When a direction is spliced and when it is copied, and what it never does while it holds bytes.
// In memory, where each arrival and each call can be counted.
#include "proxy/pump.h"

#include "session_fixture.h"

namespace weft::test {
namespace {

constexpr std::size_t kBig = 32 * 1024;

class PumpTest : public SessionTest {
 protected:
  void SetUp() override {
    world.network.setBuffers(1'000'000, 1'000'000);
    open();
  }

  /// Arrives as one piece and is taken.
  void sendOne(std::size_t bytes) {
    const std::size_t wanted = server->received().size() + bytes;
    client->send(patternBytes(bytes));
    world.settle();
    ASSERT_EQ(server->received().size(), wanted);
  }

  void promote() {
    for (int i = 0; i < 3; ++i) {
      sendOne(kBig);
    }
    ASSERT_EQ(promotions(), 1U);
  }

  [[nodiscard]] std::uint64_t promotions() {
    return world.proxy.workerCell(WorkerCell::SplicePromotions);
  }

  [[nodiscard]] std::uint64_t demotions() {
    return world.proxy.workerCell(WorkerCell::SpliceDemotions);
  }

  /// Bytes that the proxy has read and not written.
  [[nodiscard]] std::uint64_t held() {
    engine::DumpResult result;
    world.proxy.worker().dump({.kind = engine::DumpKind::Connections, .countMax = 10, .filter = {}},
                              result);
    return result.connections.empty() ? 0 : result.connections.front().bufferedBytes;
  }

  [[nodiscard]] std::uint64_t splices() { return world.sockets.callCount(Call::SpliceIn); }

  [[nodiscard]] std::uint64_t reads() { return world.sockets.callCount(Call::Read); }
};

TEST_P(PumpTest, SplicesAfterThreeBigReadsInARow) {
  sendOne(kBig);
  sendOne(kBig);
  EXPECT_EQ(promotions(), 0U);
  sendOne(kBig);
  EXPECT_EQ(promotions(), 1U);
  EXPECT_EQ(splices(), 0U);
  const std::uint64_t readsBefore = reads();
  sendOne(kBig);
  EXPECT_EQ(splices(), 1U);
  EXPECT_EQ(reads(), readsBefore);
}

TEST_P(PumpTest, CopiesWhenASmallReadComesBetween) {
  for (int i = 0; i < 10; ++i) {
    sendOne(kBig);
    sendOne(kBig);
    sendOne(1000);
  }
  EXPECT_EQ(promotions(), 0U);
}

TEST_P(PumpTest, CopiesWhenASilenceComesBetween) {
  for (int i = 0; i < 10; ++i) {
    sendOne(kBig);
    world.advance(std::chrono::milliseconds(1100));
  }
  EXPECT_EQ(promotions(), 0U);
}

TEST_P(PumpTest, CopiesAgainAfterThreeSmallSplicesInARow) {
  promote();
  sendOne(1000);
  sendOne(1000);
  sendOne(kBig);
  sendOne(1000);
  sendOne(1000);
  EXPECT_EQ(demotions(), 0U) << "a big one came between";
  sendOne(1000);
  EXPECT_EQ(demotions(), 1U);
  const std::uint64_t before = splices();
  sendOne(1000);
  EXPECT_EQ(splices(), before);
}

TEST_P(PumpTest, CopiesAgainAfterASecondOfSilence) {
  promote();
  world.advance(std::chrono::milliseconds(1100));
  sendOne(kBig);
  EXPECT_EQ(splices(), 0U);
  EXPECT_EQ(demotions(), 1U);
}

TEST_P(PumpTest, CopiesWhenThereIsNoPipe) {
  world.config.next.limits.pipeCountMax = 0;
  world.publish();
  promote();
  sendOne(300'000);
  EXPECT_EQ(splices(), 0U);
  EXPECT_GT(world.proxy.workerCell(WorkerCell::PipesDenied), 0U);
}

TEST_P(PumpTest, CopiesWhenThePipesAreSmall) {
  world.sockets.setPipeBytesMax(65'536);
  promote();
  sendOne(300'000);
  EXPECT_EQ(splices(), 0U);
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::PipesNow), 0U);
  EXPECT_GT(world.proxy.workerCell(WorkerCell::PipesDenied), 0U);
}

TEST_P(PumpTest, CopiesWhenTheDescriptorsAreUsedUp) {
  world.sockets.setDescriptorMax(world.sockets.openCount() + 1);
  promote();
  sendOne(300'000);
  EXPECT_EQ(splices(), 0U);
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::PipesNow), 0U);
}

TEST_P(PumpTest, CopiesForGoodWhenTheKernelCannotSplice) {
  world.sockets.failCalls([](Call call) { return call == Call::SpliceIn ? EINVAL : 0; });
  promote();
  for (int i = 0; i < 10; ++i) {
    sendOne(kBig);
  }
  EXPECT_EQ(splices(), 1U) << "tried once";
  EXPECT_EQ(demotions(), 1U);
}

TEST_P(PumpTest, HoldsAPipeOnlyWhileThereAreBytesInIt) {
  promote();
  world.config.next.limits.pipeCountMax = 1;
  world.publish();
  sendOne(kBig);
  // Another connection finds the only pipe free.
  open();
  for (int i = 0; i < 5; ++i) {
    sendOne(kBig);
  }
  EXPECT_EQ(world.proxy.workerCell(WorkerCell::PipesDenied), 0U);
  EXPECT_EQ(splices(), 3U);
}

TEST_P(PumpTest, ReadsNothingWhileThePipeHoldsBytes) {
  promote();
  server->setReadMax(server->received().size());
  client->send(patternBytes(6'000'000));
  world.settle();
  ASSERT_GT(world.proxy.workerCell(WorkerCell::PipesNow), 0U);
  const std::uint64_t splicesBefore = splices();
  const std::uint64_t readsBefore = reads();
  const std::uint64_t outBefore = world.sockets.callCount(Call::SpliceOut);
  for (int i = 0; i < 50; ++i) {
    // Arrivals keep waking the session.
    client->step();
    world.once();
  }
  world.advance(std::chrono::seconds(10));
  EXPECT_EQ(splices(), splicesBefore);
  EXPECT_EQ(reads(), readsBefore);
  EXPECT_EQ(world.sockets.callCount(Call::SpliceOut), outBefore) << "nor does it try to write";
}

TEST_P(PumpTest, DoesNotSpinWhileThePipeHoldsBytes) {
  promote();
  server->setReadMax(server->received().size());
  client->send(patternBytes(6'000'000));
  world.settle();
  ASSERT_GT(world.proxy.workerCell(WorkerCell::PipesNow), 0U);
  const std::uint64_t before = world.proxy.workerCell(WorkerCell::LoopTurns);
  world.settle();
  EXPECT_LE(world.proxy.workerCell(WorkerCell::LoopTurns), before + 2);
}

TEST_P(PumpTest, PassesTheEndOnOnlyBehindTheLastByteOfThePipe) {
  promote();
  const std::size_t before = server->received().size();
  server->setReadMax(before);
  std::string bytes;
  while (held() == 0) {
    const std::string block = patternBytes(2 * kBig, bytes.size());
    client->send(block);
    bytes += block;
    world.settle();
  }
  // The socket is empty; what the destination did not take is in the pipe. Now comes the end.
  client->finish();
  world.settle();
  EXPECT_GT(held(), 0U);
  EXPECT_FALSE(server->ended());
  server->readOn();
  world.settle();
  EXPECT_EQ(server->received().size(), before + bytes.size());
  EXPECT_TRUE(server->received().substr(before) == bytes);
  EXPECT_TRUE(server->ended());
}

TEST_P(PumpTest, PassesTheEndOnOnlyBehindTheLastByteOfTheBuffer) {
  world.config.next.limits.pipeCountMax = 0;
  world.publish();
  server->setReadMax(0);
  std::string bytes;
  while (held() == 0) {
    const std::string block = patternBytes(2 * kBig, bytes.size());
    client->send(block);
    bytes += block;
    world.settle();
  }
  client->finish();
  world.settle();
  EXPECT_GT(held(), 0U);
  EXPECT_FALSE(server->ended());
  server->readOn();
  world.settle();
  EXPECT_TRUE(server->received() == bytes);
  EXPECT_TRUE(server->ended());
}

TEST_P(PumpTest, NeverGivesOneConnectionsBytesToAnother) {
  world.config.next.limits.pipeCountMax = 1;
  world.publish();
  promote();
  server->setReadMax(server->received().size());
  client->send(std::string(6'000'000, 'S'));
  world.settle();
  ASSERT_EQ(world.proxy.workerCell(WorkerCell::PipesNow), 1U);
  client->reset();
  server->reset();
  world.settle();
  ASSERT_EQ(connectionsNow(), 0U);
  // The next bulk takes a pipe from the pool before the pool is trimmed.
  open();
  const std::string bytes(2'000'000, 'b');
  client->send(bytes);
  world.settle();
  EXPECT_EQ(promotions(), 2U);
  EXPECT_TRUE(server->received() == bytes) << "somebody else's bytes are among them";
}

TEST_P(PumpTest, MovesWhatSmallPacketsLeftBehindAFullPipe) {
  promote();
  // A slot of the pipe for each packet, however small it is: 256 slots for 1,000 packets.
  const std::size_t before = server->received().size();
  for (int i = 0; i < 1000; ++i) {
    client->send(std::string(100, 'x'));
    client->step();
  }
  world.settle();
  EXPECT_EQ(server->received().size(), before + 100'000);
}

TEST_P(PumpTest, GoesOnWithBytesThatWaitedBehindAnUrgentMark) {
  promote();
  const std::size_t before = server->received().size();
  bool sent = false;
  // The mark arrives after the poller was asked, and just before the splice that will stop at it.
  world.sockets.beforeCalls([&](Call call, int) {
    if (call == Call::SpliceIn && !sent) {
      sent = true;
      ASSERT_EQ(world.outside.writeUrgent(client->fd(), std::byte{'!'}).bytes, 1U);
      client->send("behind it");
      client->finish();
      while (client->step()) {
      }
    }
  });
  client->send(std::string(kBig, 'x'));
  world.settle();
  ASSERT_TRUE(sent);
  EXPECT_EQ(server->received().substr(before), std::string(kBig, 'x') + "!behind it");
  EXPECT_TRUE(server->ended());
}

TEST_P(PumpTest, CopiesPastUrgentMarks) {
  std::string expected;
  for (int i = 0; i < 5; ++i) {
    client->send("abc");
    client->step();
    ASSERT_EQ(world.outside.writeUrgent(client->fd(), std::byte{'!'}).bytes, 1U);
    client->send("def");
    client->step();
    expected += "abc!def";
  }
  world.settle();
  EXPECT_EQ(server->received(), expected);
}

INSTANTIATE_TEST_SUITE_P(Plain, PumpTest, testing::Values(Wiring{}), wiringName);

/// What the reads of a side say about what is left there.
class PartialReadsTest : public SessionTest {};

TEST_P(PartialReadsTest, LeaveNothingBehindAFullScratch) {
  MemoryProxy small({.proxy = {.wiring = GetParam(), .scratchBytes = 100}, .network = {}});
  Peer& peer = small.connect();
  small.settle();
  const std::string bytes = patternBytes(5000);
  peer.send(bytes);
  small.settle();
  EXPECT_TRUE(small.endpoint().at(0).received() == bytes);
}

TEST_P(PartialReadsTest, FindTheEndThatCameTogetherWithTheLastBytes) {
  open();
  client->send("last words");
  client->finish();
  client->step();
  world.settle();
  EXPECT_EQ(server->received(), "last words");
  EXPECT_TRUE(server->ended());
}

TEST_P(PartialReadsTest, FindTheResetThatCameTogetherWithTheLastBytes) {
  open();
  client->send("last words");
  client->step();
  client->reset();
  world.settle();
  EXPECT_EQ(server->received(), "last words");
  EXPECT_NE(server->failure(), 0);
}

TEST_P(PartialReadsTest, ReadManyRecordsThatCameAtOnce) {
  open();
  for (int i = 0; i < 15; ++i) {
    client->send(std::string(500, static_cast<char>('a' + i)));
    client->setCallBytes(500);
    client->step();
  }
  world.settle();
  EXPECT_EQ(server->received().size(), 7500U);
}

TEST_P(PartialReadsTest, OfAUnixSocketMayStopAnywhere) {
  world.config.listener(2).address = addressOf("unix:/in");
  world.config.listener(2).clusterId = base::ClusterId{2};
  Endpoint& unixEndpoint =
      world.around().listen(addressOf("unix:/out"), [](os::Sockets& sockets, int fd) {
        return static_cast<MemorySockets&>(sockets).listenAddress(fd);
      });
  world.config.endpoint(2, 7, unixEndpoint.address());
  world.publish();
  Peer& peer = world.connect(addressOf("unix:/in"));
  std::string bytes;
  for (int i = 0; i < 50; ++i) {
    peer.send("message ");
    peer.step();
    bytes += "message ";
  }
  peer.finish();
  world.settle();
  ASSERT_EQ(unixEndpoint.count(), 1U);
  EXPECT_EQ(unixEndpoint.at(0).received(), bytes);
  EXPECT_TRUE(unixEndpoint.at(0).ended());
}

INSTANTIATE_TEST_SUITE_P(Transports, PartialReadsTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
