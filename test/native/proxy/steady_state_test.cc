// In steady state a session allocates nothing and changes no registration, whatever it moves and
// however.
#include <gtest/gtest.h>

#include "support/allocation_counter.h"
#include "support/kernel_proxy.h"
#include "support/memory_proxy.h"

namespace weft::test {
namespace {

using telemetry::WorkerCell;

class SteadyStateTest : public testing::TestWithParam<Wiring> {
 protected:
  SteadyStateTest() : world({.wiring = GetParam()}) {
    world.sockets.setBufferBytes(65'536);
    world.outside.setBufferBytes(65'536);
    world.open(client, server);
  }

  /// One message there and back; allocations of the proxy's turns alone are counted.
  void exchange(const std::string& message) {
    const std::size_t there = server->received().size() + message.size();
    const std::size_t back = client->received().size() + message.size();
    client->send(message);
    turnUntil([&] { return server->received().size() == there; });
    server->send(message);
    turnUntil([&] { return client->received().size() == back; });
  }

  void turnUntil(const std::function<bool()>& condition) {
    for (int i = 0; i < 20'000 && !condition(); ++i) {
      world.stepAround();
      const std::uint64_t before = allocationCount();
      world.proxy.turn();
      allocations += allocationCount() - before;
    }
    ASSERT_TRUE(condition());
  }

  /// `count` exchanges with nothing allocated and nothing registered.
  void expectSteady(const std::string& message, int count) {
    allocations = 0;
    const std::uint64_t changes = world.poller.changeCount();
    for (int i = 0; i < count && !HasFailure(); ++i) {
      exchange(message);
    }
    if (kAllocationsCounted) {
      EXPECT_GT(allocationCount(), 0U) << "the counter counts";
      EXPECT_EQ(allocations, 0U);
    }
    EXPECT_EQ(world.poller.changeCount(), changes);
  }

  KernelProxy world;
  Peer* client = nullptr;
  Peer* server = nullptr;
  std::uint64_t allocations = 0;
};

TEST_P(SteadyStateTest, CopiesMessagesWithoutAllocatingOrRegistering) {
  exchange(std::string(30'000, 'x'));
  expectSteady("a small message", 300);
  EXPECT_EQ(world.sockets.callCount(Call::SpliceIn), 0U);
}

TEST_P(SteadyStateTest, MovesBulkWithoutAllocatingOrRegistering) {
  const std::string bulk = patternBytes(2'000'000);
  exchange(bulk);
  exchange(bulk);
  expectSteady(bulk, 4);
  EXPECT_EQ(world.sockets.callCount(Call::SpliceIn) > 0, GetParam().spliceable());
}

TEST_P(SteadyStateTest, WaitsForASlowReaderWithoutAllocatingOrRegistering) {
  const std::string bulk = patternBytes(2'000'000);
  // The first time a side is full it is registered for writability, for good.
  for (int round = 0; round < 3 && !HasFailure(); ++round) {
    server->setReadMax(server->received().size());
    client->setReadMax(client->received().size());
    client->send(bulk);
    server->send(bulk);
    if (round == 2) {
      allocations = 0;
    }
    const std::uint64_t changes = world.poller.changeCount();
    const std::size_t there = server->received().size() + bulk.size();
    const std::size_t back = client->received().size() + bulk.size();
    for (int i = 0; i < 100; ++i) {
      turnUntil([] { return true; });
      world.once();
    }
    EXPECT_FALSE(client->sentAll());
    server->readOn();
    client->readOn();
    turnUntil(
        [&] { return server->received().size() == there && client->received().size() == back; });
    if (round == 2) {
      EXPECT_EQ(allocations, 0U);
      EXPECT_EQ(world.poller.changeCount(), changes);
    }
  }
}

TEST_P(SteadyStateTest, IsSilentWhileNothingHappens) {
  exchange("warm");
  const std::uint64_t reads = world.sockets.callCount(Call::Read);
  const std::uint64_t writes = world.sockets.callCount(Call::Write);
  const std::uint64_t restless = world.poller.restlessCount();
  world.steps(20);
  EXPECT_EQ(world.sockets.callCount(Call::Read), reads);
  EXPECT_EQ(world.sockets.callCount(Call::Write), writes);
  EXPECT_EQ(world.poller.restlessCount(), restless);
}

INSTANTIATE_TEST_SUITE_P(
    Transports, SteadyStateTest,
    testing::Values(Wiring{}, Wiring{TransportKind::Ahead, TransportKind::Ahead},
                    Wiring{TransportKind::RecordAtATime, TransportKind::RecordAtATime}),
    [](const testing::TestParamInfo<Wiring>& info) { return nameOf(info.param); });

}  // namespace
}  // namespace weft::test
