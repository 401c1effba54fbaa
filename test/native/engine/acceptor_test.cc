// Accepting: connections go to the worker with the fewest, a pause when descriptors run out,
// nothing that waits is lost when a listener closes. In memory, with one or two workers that the
// test turns.
#include "engine/acceptor.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <gtest/gtest.h>

#include "support/memory_proxy.h"

namespace weft::test {
namespace {

using telemetry::CloseReason;
using telemetry::EventKind;
using telemetry::ListenerTcpCell;
using telemetry::WorkerCell;

class AcceptorTest : public testing::Test {
 protected:
  explicit AcceptorTest(std::uint32_t workerCount = 1)
      : world({.proxy = {}, .network = {}, .workerCount = workerCount}) {}

  [[nodiscard]] std::uint64_t cell(WorkerCell which) { return world.proxy.workerCell(which); }

  [[nodiscard]] std::size_t events(EventKind kind) { return world.proxy.sink().of(kind).size(); }

  void connectMany(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      world.connect().send("x");
    }
  }

  [[nodiscard]] std::size_t served() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < world.endpoint().count(); ++i) {
      count += world.endpoint().at(i).received() == "x" ? 1U : 0U;
    }
    return count;
  }

  MemoryProxy world;
};

TEST_F(AcceptorTest, AcceptsABurstInFewTurnsAndALoneOneInOneCall) {
  connectMany(1);
  world.proxy.turn();
  EXPECT_EQ(world.sockets.callCount(Call::Accept), 1U) << "no second call that finds nobody";
  connectMany(200);
  for (int i = 0; i < 12; ++i) {
    world.proxy.turn();
  }
  EXPECT_EQ(cell(WorkerCell::Accepted), 201U);
  world.settle();
  EXPECT_EQ(served(), 201U);
}

TEST_F(AcceptorTest, TakesNoMoreThanItsShareOfATurn) {
  connectMany(500);
  std::uint64_t before = 0;
  for (int i = 0; i < 20; ++i) {
    world.proxy.turn();
    EXPECT_LE(cell(WorkerCell::Accepted) - before, 64U);
    before = cell(WorkerCell::Accepted);
  }
  EXPECT_EQ(before, 500U);
}

TEST_F(AcceptorTest, PausesWithoutDescriptorsAndResumesByItself) {
  world.sockets.setDescriptorMax(5);
  connectMany(4);
  world.settle();
  EXPECT_EQ(cell(WorkerCell::AcceptPauses), 1U);
  EXPECT_EQ(cell(WorkerCell::AcceptPausedNow), 1U);
  ASSERT_EQ(events(EventKind::AcceptPaused), 1U);
  const auto paused = world.proxy.sink().of(EventKind::AcceptPaused)[0];
  EXPECT_EQ(paused.numbers.at(0), 1U) << "listener";
  EXPECT_EQ(paused.numbers.at(1), static_cast<std::uint64_t>(EMFILE));
  EXPECT_EQ(served(), 2U) << "two pairs of descriptors";

  const std::uint64_t calls = world.sockets.callCount(Call::Accept);
  world.advance(std::chrono::seconds(1));
  EXPECT_LE(world.sockets.callCount(Call::Accept) - calls, 25U) << "it looks now and then";
  EXPECT_EQ(events(EventKind::AcceptPaused), 1U) << "and tells once";

  world.sockets.setDescriptorMax(100);
  world.advance(std::chrono::milliseconds(200));
  EXPECT_EQ(served(), 4U) << "nobody who waited is lost";
  EXPECT_EQ(cell(WorkerCell::AcceptPausedNow), 0U);
  EXPECT_EQ(events(EventKind::AcceptResumed), 1U);
}

TEST_F(AcceptorTest, GoesOnWhenNobodyWaitsAnyMore) {
  world.sockets.setDescriptorMax(5);
  connectMany(3);
  world.settle();
  ASSERT_EQ(cell(WorkerCell::AcceptPausedNow), 1U);
  world.network.forgetWaiting(MemoryProxy::listenAddress());
  world.sockets.setDescriptorMax(100);
  world.advance(std::chrono::milliseconds(200));
  EXPECT_EQ(served(), 2U);
  EXPECT_EQ(cell(WorkerCell::AcceptPausedNow), 0U);
  EXPECT_EQ(events(EventKind::AcceptResumed), 1U);
}

TEST_F(AcceptorTest, KeepsOpenConnectionsGoingWhileItIsPaused) {
  connectMany(1);
  world.settle();
  world.sockets.setDescriptorMax(world.sockets.openCount());
  connectMany(1);
  world.settle();
  ASSERT_EQ(cell(WorkerCell::AcceptPausedNow), 1U);
  world.endpoint().at(0).send("still served");
  world.settle();
  EXPECT_EQ(world.around().clients()[0]->received(), "still served");
}

TEST_F(AcceptorTest, PausesBeforeTheDescriptorsOfOpenConnectionsRunOut) {
  world.proxy.setDescriptorConnectionsMax(2);
  connectMany(3);
  world.settle();
  EXPECT_EQ(served(), 2U);
  EXPECT_EQ(cell(WorkerCell::AcceptPausedNow), 1U);
  world.around().clients()[0]->finish();
  world.endpoint().at(0).finish();
  world.advance(std::chrono::milliseconds(200));
  EXPECT_EQ(served(), 3U);
  EXPECT_EQ(cell(WorkerCell::AcceptPausedNow), 0U);
}

TEST_F(AcceptorTest, GoesOnAfterAConnectionThatFailedWhileItWaited) {
  int failures = 2;
  world.sockets.failCalls(
      [&failures](Call call) { return call == Call::Accept && failures-- > 0 ? ECONNABORTED : 0; });
  connectMany(2);
  world.settle();
  EXPECT_EQ(served(), 2U);
  EXPECT_EQ(cell(WorkerCell::AcceptPauses), 0U);
}

TEST_F(AcceptorTest, AcceptsWhatWaitsBeforeItsListenerCloses) {
  connectMany(300);
  world.config.removeListener(1);
  world.config.listener(2).address = addressOf("10.0.0.1:81");
  world.publish();
  world.settle();
  EXPECT_EQ(served(), 300U);
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpens), 300U);
  Peer& late = world.connect();
  world.settle();
  EXPECT_EQ(late.failure(), ECONNREFUSED);
}

TEST_F(AcceptorTest, AcceptsWhoIsWithinAHandshakeWhenItsListenerCloses) {
  world.sockets.setHandshakeTime(std::chrono::milliseconds(100));
  world.proxy.drain(std::chrono::seconds(10), false);
  connectMany(3);
  world.settle();
  EXPECT_EQ(served(), 3U);
  world.advance(std::chrono::milliseconds(120));
  Peer& late = world.connect();
  world.settle();
  EXPECT_EQ(late.failure(), ECONNREFUSED);
}

TEST_F(AcceptorTest, MayStopWhileItsListenerCloses) {
  world.sockets.setHandshakeTime(std::chrono::milliseconds(100));
  world.proxy.drain(std::chrono::seconds(10), false);
  world.settle();
  world.proxy.stop();
  world.advance(std::chrono::milliseconds(120));
}

TEST_F(AcceptorTest, StopsCountingItsPauseWhenItsListenerCloses) {
  world.sockets.setDescriptorMax(1);
  connectMany(1);
  world.settle();
  ASSERT_EQ(cell(WorkerCell::AcceptPausedNow), 1U);
  world.config.removeListener(1);
  world.publish();
  EXPECT_EQ(cell(WorkerCell::AcceptPausedNow), 0U);
}

class TwoWorkersTest : public AcceptorTest {
 protected:
  TwoWorkersTest() : AcceptorTest(2) {}

  /// No worker has more than 60 %.
  void expectSpread(std::uint32_t count) {
    const std::uint32_t first = world.proxy.worker(0).load();
    const std::uint32_t second = world.proxy.worker(1).load();
    EXPECT_EQ(first + second, count);
    EXPECT_LE(std::max(first, second) * 10, count * 6) << first << " and " << second;
  }
};

TEST_F(TwoWorkersTest, ShareABurst) {
  for (const std::uint32_t count : {8U, 200U}) {
    MemoryProxy own({.proxy = {}, .network = {}, .workerCount = 2});
    for (std::uint32_t i = 0; i < count; ++i) {
      own.connect().send("x");
    }
    own.settle();
    EXPECT_EQ(own.proxy.worker(0).load(), count / 2);
    EXPECT_EQ(own.proxy.worker(1).load(), count / 2);
    EXPECT_EQ(own.proxy.workerCell(WorkerCell::HandedOver), count / 2);
  }
}

TEST_F(TwoWorkersTest, ShareConnectionsThatComeOneByOne) {
  for (std::uint32_t i = 1; i <= 200; ++i) {
    connectMany(1);
    world.settle();
    if (i % 8 == 0) {
      expectSpread(i);
    }
  }
  EXPECT_EQ(served(), 200U);
}

TEST_F(TwoWorkersTest, BalanceAgainAfterConnectionsHaveEnded) {
  connectMany(100);
  world.settle();
  // All of one worker's connections end: every other one.
  for (std::size_t i = 0; i < 100; i += 2) {
    world.around().clients()[i]->reset();
  }
  world.settle();
  connectMany(100);
  world.settle();
  expectSpread(150);
}

TEST_F(TwoWorkersTest, ShareOneLimitOfAListener) {
  world.config.listener(1).connectionsMax = 5;
  world.publish();
  connectMany(20);
  world.settle();
  EXPECT_EQ(served(), 5U);
  EXPECT_EQ(world.proxy.closes(1, CloseReason::ListenerLimit), 15U);
}

TEST_F(TwoWorkersTest, CountThoseOnTheirWayAgainstTheDescriptors) {
  world.proxy.setDescriptorConnectionsMax(10);
  connectMany(50);
  for (int i = 0; i < 10; ++i) {
    world.proxy.worker(0).turn();
  }
  EXPECT_EQ(cell(WorkerCell::Accepted), 10U) << "half of them are still in the other's mailbox";
  world.settle();
  EXPECT_EQ(served(), 10U);
}

TEST_F(TwoWorkersTest, KeepWhatTheOthersMailboxHasNoRoomFor) {
  // Nobody reads the second worker's mail meanwhile.
  connectMany(4000);
  for (int i = 0; i < 200; ++i) {
    world.proxy.worker(0).turn();
  }
  EXPECT_EQ(world.proxy.worker(0).load() + world.proxy.worker(1).load(), 4000U);
  EXPECT_LE(world.proxy.worker(1).load(), 1024U);
  world.settle();
  EXPECT_EQ(served(), 4000U);
}

TEST_F(TwoWorkersTest, ServeWhatTheClosedListenerHadHandedOver) {
  connectMany(10);
  world.proxy.worker(0).turn();
  world.proxy.worker(0).turn();
  world.proxy.worker(0).turn();
  world.proxy.drain(std::chrono::seconds(10), false);
  world.settle();
  EXPECT_EQ(served(), 10U);
}

}  // namespace
}  // namespace weft::test
