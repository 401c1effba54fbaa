// Limits: connections of a listener and of the process, bytes held in total. Who is too many is
// reset, counted, and told of once.
#include "session_fixture.h"

namespace weft::test {
namespace {

class AdmissionTest : public SessionTest {
 protected:
  /// Connects so many clients and lets them say something.
  void connectMany(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      world.connect().send("x");
    }
    world.settle();
  }

  [[nodiscard]] std::size_t served() const {
    std::size_t count = 0;
    for (const auto& one : const_cast<AdmissionTest*>(this)->world.around().clients()) {
      count += !one->closed() && one->failure() == 0 ? 1U : 0U;
    }
    return count;
  }

  [[nodiscard]] std::size_t limitEvents(CloseReason reason) {
    std::size_t count = 0;
    for (const auto& event : world.proxy.sink().of(EventKind::LimitReached)) {
      EXPECT_EQ(event.numbers.at(1), 1U) << "listener";
      EXPECT_EQ(event.numbers.at(2), base::ClusterId::kNone);
      count += event.numbers.at(0) == static_cast<std::uint64_t>(reason) ? 1U : 0U;
    }
    return count;
  }
};

TEST_P(AdmissionTest, TurnsAwayMoreThanTheListenersMaximum) {
  world.config.listener(1).connectionsMax = 3;
  world.publish();
  connectMany(5);
  EXPECT_EQ(served(), 3U);
  EXPECT_EQ(world.endpoint().count(), 3U);
  EXPECT_EQ(closes(CloseReason::ListenerLimit), 2U);
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpens), 3U);
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpenNow), 3U);
  EXPECT_EQ(limitEvents(CloseReason::ListenerLimit), 1U) << "told once";
  EXPECT_EQ(world.proxy.worker().load(), 3U);
}

TEST_P(AdmissionTest, TurnsAwayMoreThanTheProcessMaximum) {
  world.config.next.limits.connectionsMax = 2;
  world.publish();
  connectMany(5);
  EXPECT_EQ(served(), 2U);
  EXPECT_EQ(closes(CloseReason::ConnectionLimit), 3U);
  EXPECT_EQ(limitEvents(CloseReason::ConnectionLimit), 1U);
  EXPECT_EQ(world.proxy.worker().load(), 2U);
}

TEST_P(AdmissionTest, AdmitsAgainAfterOneHasEndedAndTellsAnew) {
  world.config.listener(1).connectionsMax = 1;
  world.publish();
  connectMany(2);
  EXPECT_EQ(closes(CloseReason::ListenerLimit), 1U);
  world.around().clients()[0]->finish();
  world.endpoint().at(0).finish();
  world.settle();
  connectMany(2);
  EXPECT_EQ(world.endpoint().count(), 2U);
  EXPECT_EQ(closes(CloseReason::ListenerLimit), 2U);
  EXPECT_EQ(limitEvents(CloseReason::ListenerLimit), 2U);
}

TEST_P(AdmissionTest, RaisesItsMaximumWithANewSnapshot) {
  world.config.listener(1).connectionsMax = 1;
  world.publish();
  connectMany(2);
  world.config.listener(1).connectionsMax = 2;
  world.publish();
  connectMany(2);
  EXPECT_EQ(world.endpoint().count(), 2U);
  EXPECT_EQ(closes(CloseReason::ListenerLimit), 2U);
}

TEST_P(AdmissionTest, EndsTheConnectionThatWouldHoldTooManyBytes) {
  world.config.next.limits.bufferedBytesMax = 20'000;
  // Splicing holds bytes in the kernel instead.
  world.config.next.limits.pipeCountMax = 0;
  world.publish();
  // How much one holds depends on how its bytes come in; thirty are too many in any case.
  for (int i = 0; i < 30 && closes(CloseReason::BufferLimit) == 0; ++i) {
    open();
    server->setReadMax(0);
    client->send(patternBytes(1'000'000));
    world.settle();
    EXPECT_LE(world.proxy.workerCell(WorkerCell::BufferedBytesNow), 20'000U);
  }
  EXPECT_EQ(closes(CloseReason::BufferLimit), 1U);
  server->readOn();
  world.settle();
  EXPECT_NE(client->failure(), 0);
  EXPECT_NE(server->failure(), 0);
  EXPECT_FALSE(server->ended());
}

INSTANTIATE_TEST_SUITE_P(Transports, AdmissionTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
