// The engine with its threads, on loopback: publishing, listeners, spreading, draining, stopping.
#include "engine/engine.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "os/process_limits.h"
#include "support/decoded_event.h"
#include "support/echo_server.h"
#include "support/engine_under_test.h"
#include "support/sanitizers.h"

namespace weft::test {
namespace {

using engine::DrainListeners;
using engine::DumpKind;
using engine::PublishFailure;
using telemetry::WorkerCell;

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    first = freeAddress();
    second = freeAddress();
    own.config.listener(1).address = first;
    own.config.endpoint(1, 1, server.address());
    own.publish();
  }

  /// A client that was served once.
  [[nodiscard]] BlockingClient served(const base::Address& address) {
    BlockingClient client;
    EXPECT_EQ(client.connect(address), 0);
    EXPECT_EQ(client.echo("are you there?"), 0);
    return client;
  }

  /// Waits for a condition of the workers' counters.
  template <typename Condition>
  [[nodiscard]] static bool eventually(const Condition& condition) {
    for (int i = 0; i < 20'000 && !condition(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return condition();
  }

  EchoServer server;
  EngineUnderTest own;
  base::Address first;
  base::Address second;
};

TEST_F(EngineTest, ServesWhatWasPublished) {
  BlockingClient client = served(first);
  EXPECT_EQ(client.echo(std::string(50'000, 'x')), 0);
  client.finish();
  EXPECT_EQ(client.waitForEnd(), 0);
  EXPECT_TRUE(eventually([this] { return own.cells(WorkerCell::ConnectionsNow) == 0; }));
}

TEST_F(EngineTest, AppliesSnapshotsInTheirOrderAndAnswersEachOnce) {
  std::vector<std::uint64_t> applied;
  std::atomic<std::uint64_t> lowest{~std::uint64_t{0}};
  std::promise<void> all;
  constexpr int kCount = 50;
  for (int i = 0; i < kCount; ++i) {
    const auto next = own.config.build();
    own.engine->publish(next, [&, revision = next->revision](const PublishFailure* failure) {
      EXPECT_EQ(failure, nullptr);
      // Every worker has it when it is acknowledged.
      for (std::uint32_t worker = 0; worker < 2; ++worker) {
        lowest = std::min(lowest.load(), own.cell(worker, WorkerCell::AppliedRevision) - revision);
      }
      applied.push_back(revision);
      if (applied.size() == kCount) {
        all.set_value();
      }
    });
  }
  all.get_future().wait();
  EXPECT_EQ(lowest, 0U);
  for (std::size_t i = 0; i < applied.size(); ++i) {
    EXPECT_EQ(applied[i], i + 2) << "the first was published before";
  }
}

TEST_F(EngineTest, MovesAListenerAndKeepsItsConnections) {
  BlockingClient old = served(first);
  own.config.listener(1).address = second;
  own.publish();
  const BlockingClient fresh = served(second);
  BlockingClient refused;
  EXPECT_EQ(refused.connect(first), ECONNREFUSED);
  EXPECT_EQ(old.echo("still here"), 0);
}

TEST_F(EngineTest, SwapsTheAddressesOfTwoListenersAgainAndAgain) {
  own.config.listener(2).address = second;
  own.publish();
  for (int i = 0; i < 20; ++i) {
    std::swap(own.config.listener(1).address, own.config.listener(2).address);
    own.publish();
    const BlockingClient one = served(first);
    const BlockingClient two = served(second);
  }
}

TEST_F(EngineTest, OpensAnAddressAgainThatIsStillClosing) {
  const snapshot::Listener same = own.config.listener(1);
  own.config.removeListener(1);
  own.engine->publish(own.config.build(), [](const PublishFailure*) {});
  own.config.listener(1) = same;
  own.publish();
  const BlockingClient fresh = served(first);
}

TEST_F(EngineTest, ChangesNothingWhenAListenerCannotBeOpened) {
  BlockingClient old = served(first);
  const EchoServer blocker;
  own.config.removeListener(1);
  own.config.listener(2).address = second;
  own.config.listener(3).address = blocker.address();
  std::optional<PublishFailure> reported;
  own.engine->publish(own.config.build(), [&](const PublishFailure* failure) {
    reported = failure == nullptr ? std::nullopt : std::optional(*failure);
  });
  ASSERT_TRUE(reported);
  EXPECT_EQ(reported->path, "listeners[1].address");
  EXPECT_EQ(reported->error.code, base::ErrorCode::InUse);
  EXPECT_EQ(old.echo("still here"), 0);
  const BlockingClient fresh = served(first);
  BlockingClient refused;
  EXPECT_EQ(refused.connect(second), ECONNREFUSED);
}

/// Connects again and again until told to stop. Who was let in must be served.
class Customer {
 public:
  explicit Customer(const base::Address& address) : thread_([this, address] { run(address); }) {}

  ~Customer() { stop(); }

  Customer(const Customer&) = delete;
  Customer& operator=(const Customer&) = delete;

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  [[nodiscard]] int servedCount() const { return served_; }

  /// Let in and not served.
  [[nodiscard]] int lostCount() const { return lost_; }

  [[nodiscard]] int refusedCount() const { return refused_; }

 private:
  void run(const base::Address& address) {
    while (!stopping_) {
      BlockingClient client;
      if (client.connect(address) != 0) {
        ++refused_;
      } else if (client.echo("x") != 0) {
        ++lost_;
      } else {
        ++served_;
      }
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<int> served_{0};
  std::atomic<int> lost_{0};
  std::atomic<int> refused_{0};
  std::thread thread_;
};

TEST_F(EngineTest, LosesNobodyWhileListenersGetOtherNames) {
  Customer customer(first);
  std::uint32_t number = 1;
  for (int i = 0; i < 100; ++i) {
    own.config.removeListener(number);
    own.config.listener(++number).address = first;
    own.publish();
  }
  ASSERT_TRUE(eventually([&] { return customer.servedCount() > 20; }));
  customer.stop();
  EXPECT_EQ(customer.lostCount(), 0);
  EXPECT_EQ(customer.refusedCount(), 0);
}

TEST_F(EngineTest, LosesNobodyWhoWaitsWhenAListenerCloses) {
  own.config.listener(2).address = second;
  own.publish();
  int rounds = 0;
  int served = 0;
  for (; rounds < 10; ++rounds) {
    Customer customer(second);
    ASSERT_TRUE(eventually([&] { return customer.servedCount() > 5; }));
    own.config.removeListener(2);
    own.publish();
    ASSERT_TRUE(eventually([&] { return customer.refusedCount() > 0; }));
    customer.stop();
    EXPECT_EQ(customer.lostCount(), 0);
    served += customer.servedCount();
    own.config.listener(2).address = second;
    own.publish();
  }
  EXPECT_GT(served, 50);
}

TEST_F(EngineTest, SpreadsConnectionsOverItsWorkers) {
  for (const std::size_t count : {std::size_t{8}, std::size_t{200}}) {
    for (const bool paced : {true, false}) {
      std::vector<BlockingClient> clients(count);
      for (BlockingClient& client : clients) {
        ASSERT_EQ(client.connect(first), 0);
        if (paced) {
          ASSERT_EQ(client.echo("x"), 0);
        }
      }
      for (BlockingClient& client : clients) {
        ASSERT_EQ(client.echo("y"), 0);
      }
      const std::uint64_t most = std::max(own.cell(0, WorkerCell::ConnectionsNow),
                                          own.cell(1, WorkerCell::ConnectionsNow));
      EXPECT_EQ(own.cells(WorkerCell::ConnectionsNow), count);
      EXPECT_LE(most * 10, count * 6) << (paced ? "paced" : "in a burst");
      clients.clear();
      ASSERT_TRUE(eventually([this] { return own.cells(WorkerCell::ConnectionsNow) == 0; }));
    }
  }
}

TEST_F(EngineTest, DrainsWhenTheLastConnectionHasEnded) {
  BlockingClient client = served(first);
  std::promise<std::uint64_t> drained;
  own.engine->drain({.deadline = std::chrono::seconds(60), .listeners = DrainListeners::Close},
                    [&](std::uint64_t forced) { drained.set_value(forced); });
  EXPECT_EQ(client.echo("not yet"), 0);
  client.finish();
  EXPECT_EQ(client.waitForEnd(), 0);
  EXPECT_EQ(drained.get_future().get(), 0U);
  BlockingClient refused;
  EXPECT_EQ(refused.connect(first), ECONNREFUSED);
}

TEST_F(EngineTest, ResetsWhatIsOpenWhenTheDeadlineOfADrainPasses) {
  std::vector<BlockingClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(served(first));
  }
  EXPECT_EQ(own.drain(std::chrono::milliseconds(50), DrainListeners::Close), 10U);
  for (BlockingClient& client : clients) {
    EXPECT_EQ(client.waitForEnd(), ECONNRESET);
  }
}

TEST_F(EngineTest, KeepsItsListenersWhileItDrainsWhenAskedTo) {
  std::promise<std::uint64_t> drained;
  own.engine->drain({.deadline = std::chrono::milliseconds(300), .listeners = DrainListeners::Keep},
                    [&](std::uint64_t forced) { drained.set_value(forced); });
  const BlockingClient client = served(first);
  EXPECT_EQ(drained.get_future().get(), 1U);
}

TEST_F(EngineTest, SaysWhichPortTheKernelChose) {
  own.config.listener(1).address = addressOf("127.0.0.1:0");
  own.config.listener(2).address = addressOf("127.0.0.1:0");
  own.publish();
  const auto dump = own.dump(DumpKind::Listeners).listeners;
  ASSERT_EQ(dump.size(), 2U);
  EXPECT_NE(dump[0].address, dump[1].address);
  for (const auto& listener : dump) {
    BlockingClient client = served(addressOf(listener.address));
    EXPECT_EQ(client.echo("found"), 0);
  }
  own.publish();
  const auto after = own.dump(DumpKind::Listeners).listeners;
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].address, dump[0].address);
  EXPECT_EQ(after[1].address, dump[1].address) << "each keeps its own port";
}

TEST_F(EngineTest, AnswersEverybodyWhoWaitsWhenItStops) {
  std::vector<BlockingClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(served(first));
  }
  std::atomic<int> applied{0};
  std::atomic<int> drained{0};
  std::atomic<int> dumped{0};
  for (int i = 0; i < 10; ++i) {
    own.engine->publish(own.config.build(), [&](const PublishFailure*) { ++applied; });
    own.engine->dump({.kind = DumpKind::Connections, .countMax = 10, .filter = {}},
                     [&](engine::DumpResult) { ++dumped; });
    own.engine->drain({.deadline = std::chrono::hours(1), .listeners = DrainListeners::Keep},
                      [&](std::uint64_t) { ++drained; });
  }
  own.engine->stop();
  EXPECT_EQ(applied, 10);
  EXPECT_EQ(dumped, 10);
  EXPECT_EQ(drained, 10);
  for (BlockingClient& client : clients) {
    EXPECT_EQ(client.waitForEnd(), ECONNRESET);
  }
  own.engine->stop();
}

TEST_F(EngineTest, DumpsTheConnectionsAndEndpointsOfAllWorkers) {
  std::vector<BlockingClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(served(first));
  }
  const auto connections = own.dump(DumpKind::Connections);
  ASSERT_EQ(connections.connections.size(), 10U);
  EXPECT_FALSE(connections.truncated);
  std::array<int, 2> ofWorker{};
  for (const auto& connection : connections.connections) {
    ++ofWorker.at(connection.worker);
    EXPECT_EQ(connection.upstreamAddress, server.address().toString());
  }
  EXPECT_EQ(ofWorker[0], 5);
  EXPECT_EQ(ofWorker[1], 5);
  const auto bounded = own.dump(DumpKind::Connections, 4);
  EXPECT_EQ(bounded.connections.size(), 4U);
  EXPECT_TRUE(bounded.truncated);
  const auto whole = own.dump(DumpKind::Connections, 10);
  EXPECT_EQ(whole.connections.size(), 10U);
  EXPECT_FALSE(whole.truncated);
  const auto clusters = own.dump(DumpKind::Clusters);
  ASSERT_EQ(clusters.endpoints.size(), 2U) << "one for each worker";
  EXPECT_EQ(clusters.endpoints[0].connectionsNow + clusters.endpoints[1].connectionsNow, 10U);
}

TEST_F(EngineTest, TellsAllWorkersWhatTheFirstFindsOutAboutTheHealthOfEndpoints) {
  const auto unhealthyIn = [this](std::uint32_t endpoint) {
    const auto dump = own.dump(DumpKind::Clusters);
    return std::ranges::count_if(dump.endpoints, [endpoint](const auto& one) {
      return one.endpointId == base::EndpointId{endpoint} &&
             one.cause == telemetry::UnavailableCause::HealthCheck;
    });
  };
  const base::Address dead = freeAddress();
  own.config.endpoint(1, 2, dead);
  own.config.cluster(1).healthCheck = {.interval = std::chrono::milliseconds(10),
                                       .timeout = std::chrono::seconds(1),
                                       .consecutiveFailures = 2};
  own.publish();
  ASSERT_TRUE(eventually([&] { return unhealthyIn(2) == 2; }));
  EXPECT_EQ(unhealthyIn(1), 0);
  for (int i = 0; i < 40; ++i) {
    const BlockingClient client = served(first);
  }
  // It comes and goes while snapshots are applied.
  for (std::uint32_t i = 3; i < 8; ++i) {
    own.config.endpoint(1, i, freeAddress());
    own.publish();
    const EchoServer back(dead);
    ASSERT_TRUE(eventually([&] { return unhealthyIn(2) == 0 && unhealthyIn(i) == 2; }));
  }
  ASSERT_TRUE(eventually([&] { return unhealthyIn(2) == 2; }));
  own.config.cluster(1).healthCheck.reset();
  own.publish();
  EXPECT_EQ(unhealthyIn(2), 0);
}

TEST_F(EngineTest, WakesTheReaderOfEventsOnceUntilTheyAreDrained) {
  for (int i = 0; i < 10; ++i) {
    BlockingClient client = served(first);
    client.finish();
    EXPECT_EQ(client.waitForEnd(), 0);
  }
  ASSERT_TRUE(eventually([this] { return own.cells(WorkerCell::ConnectionsNow) == 0; }));
  EXPECT_GE(own.events.count, 1U);
  EXPECT_LE(own.events.count, 2U) << "once for each worker";
  std::vector<std::byte> bytes(65'536);
  std::size_t records = 0;
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    while (const std::size_t size = own.engine->drainEvents(worker, bytes)) {
      for (std::size_t at = 0; at < size;) {
        const auto event = telemetry::decodeEvent(std::span(bytes).subspan(at, size - at));
        at += event.size;
        ++records;
      }
    }
  }
  EXPECT_EQ(records, 10U);
}

TEST_F(EngineTest, ReleasesRunsThatTypeScriptHasLetGoOf) {
  {
    const BlockingClient client = served(first);
  }
  ASSERT_TRUE(eventually([this] { return own.cells(WorkerCell::ConnectionsNow) == 0; }));
  const EchoServer other;
  own.config.removeEndpoint(1, 1);
  own.config.endpoint(1, 2, other.address());
  own.publish();
  std::vector<snapshot::ReleasedRun> released;
  const auto liveRunsOf = [this](std::uint32_t endpoint) {
    std::vector<snapshot::ReleasedRun> runs;
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
      const auto directory = own.engine->directory(worker);
      for (std::uint32_t slot = 0; slot < directory.size(); ++slot) {
        // The generation is published last; TypeScript loads it the same way.
        const std::uint32_t generation = std::atomic_ref<std::uint32_t>(directory[slot].generation)
                                             .load(std::memory_order_acquire);
        if (generation % 2 == 1 &&
            directory[slot].kind == static_cast<std::uint16_t>(telemetry::RunKind::EndpointTcp) &&
            directory[slot].ids[2] == endpoint) {
          runs.push_back({.worker = worker, .run = slot, .generation = generation});
        }
      }
    }
    return runs;
  };
  released = liveRunsOf(1);
  ASSERT_FALSE(released.empty());
  own.config.next.releasedRuns = released;
  own.publish();
  EXPECT_TRUE(liveRunsOf(1).empty());
}

TEST(EngineLifeTest, StartsAndStopsAThousandTimesWithoutLeavingADescriptor) {
  const int count = kThreadSanitizer ? 200 : 1000;
  {
    const EngineUnderTest warm;
  }
  const std::uint32_t before = os::openDescriptorCount();
  for (int i = 0; i < count; ++i) {
    EngineUnderTest own;
    if (i % 10 == 0) {
      own.config.listener(1).address = base::Address::ipv4({127, 0, 0, 1}, 0);
      own.config.cluster(1);
      own.publish();
    }
  }
  EXPECT_EQ(os::openDescriptorCount(), before);
}

TEST(EngineLifeTest, RunsTwoEnginesAtOnce) {
  const EchoServer server;
  EngineUnderTest one;
  EngineUnderTest two;
  for (EngineUnderTest* own : {&one, &two}) {
    own->config.listener(1).address = freeAddress();
    own->config.endpoint(1, 1, server.address());
    own->publish();
  }
  for (EngineUnderTest* own : {&one, &two}) {
    BlockingClient client;
    EXPECT_EQ(client.connect(own->config.listener(1).address), 0);
    EXPECT_EQ(client.echo("x"), 0);
  }
}

}  // namespace
}  // namespace weft::test
