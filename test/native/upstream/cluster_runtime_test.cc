// A cluster in one worker: what is learned of endpoints, what a new snapshot keeps.
#include "upstream/cluster_runtime.h"

#include <cerrno>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "cluster_fixture.h"
#include "upstream/hash_table_builder.h"

namespace weft::upstream {
namespace {

using snapshot::Direction;
using telemetry::EndpointTcpCell;
using telemetry::EventKind;
using test::addressOf;

class ClusterRuntimeTest : public ClusterTest {
 protected:
  ClusterRuntimeTest() {
    for (std::uint32_t i = 1; i <= 3; ++i) {
      config.endpoint(1, i, addressAt(i));
    }
    cluster = std::make_unique<ClusterRuntime>(ground.context, settings(), shared);
  }

  [[nodiscard]] std::uint64_t cell(std::uint32_t endpoint, std::size_t which) {
    return ground.table
        .run({.kind = telemetry::RunKind::EndpointTcp, .ids = {1, 1, endpoint, 0, 0}})
        .get(which);
  }

  /// The endpoints that so many picks give.
  [[nodiscard]] std::vector<int> picks(int count) { return countPicks(count, 5); }
};

TEST_F(ClusterRuntimeTest, PicksAllItsEndpoints) {
  EXPECT_EQ(picks(300), (std::vector<int>{0, 100, 100, 100, 0}));
}

TEST_F(ClusterRuntimeTest, CountsAConnectionFromPickToRelease) {
  ASSERT_EQ(cluster->acquireAt(at(1), kOut), nullptr);
  EXPECT_EQ(at(1).connectionsNow, 1U);
  EXPECT_FALSE(cluster->unused());
  cluster->connected(at(1), kOut, std::chrono::milliseconds(3));
  EXPECT_EQ(cell(1, EndpointTcpCell::kOpens), 1U);
  EXPECT_EQ(cell(1, EndpointTcpCell::kOpenNow), 1U);
  EXPECT_EQ(cell(1, EndpointTcpCell::kConnectCount), 1U);
  EXPECT_EQ(cell(1, EndpointTcpCell::kConnectUsSum), 3000U);
  cluster->countClose(at(1), kOut, 0);
  EXPECT_EQ(cell(1, EndpointTcpCell::kOpenNow), 0U);
  cluster->released(at(1));
  EXPECT_TRUE(cluster->unused());
}

TEST_F(ClusterRuntimeTest, AvoidsAnEndpointThatFailedAndTellsOfItOnce) {
  fail(2);
  EXPECT_EQ(picks(200).at(2), 0);
  EXPECT_EQ(cell(2, EndpointTcpCell::kConnectFailures), 1U);
  EXPECT_EQ(cell(2, EndpointTcpCell::kUnavailableNow), 1U);
  fail(2);
  const auto events = ground.events.of(EventKind::EndpointUnavailable);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].numbers.at(0), 1U) << "cluster";
  EXPECT_EQ(events[0].numbers.at(1), 2U) << "endpoint";
  EXPECT_EQ(events[0].numbers.at(2), static_cast<std::uint64_t>(ECONNREFUSED));
  EXPECT_EQ(events[0].numbers.at(3),
            static_cast<std::uint64_t>(telemetry::CloseReason::ConnectRefused));
  EXPECT_EQ(events[0].fields.at(0), "10.0.1.2:90");
}

TEST_F(ClusterRuntimeTest, WelcomesBackAnEndpointThatAnswers) {
  fail(1);
  fail(1);
  ASSERT_EQ(cluster->acquireAt(at(1), kOut), nullptr);
  cluster->connected(at(1), kOut, std::chrono::milliseconds(1));
  EXPECT_EQ(at(1).failureCount, 0U);
  EXPECT_TRUE(at(1).availableAt(ground.loop.now()));
  EXPECT_EQ(cell(1, EndpointTcpCell::kUnavailableNow), 0U);
  EXPECT_EQ(ground.events.of(EventKind::EndpointAvailable).size(), 1U);
  EXPECT_GT(picks(300).at(1), 0);
  cluster->countClose(at(1), kOut, 0);
  cluster->released(at(1));
}

TEST_F(ClusterRuntimeTest, PicksAnUnavailableOneWhenThereIsNoOther) {
  for (std::uint32_t i = 1; i <= 3; ++i) {
    fail(i);
  }
  EXPECT_NE(cluster->pick({}), nullptr);
}

TEST_F(ClusterRuntimeTest, PicksNothingTwiceForOneConnection) {
  std::vector<base::EndpointId> tried;
  for (int i = 0; i < 3; ++i) {
    Endpoint* endpoint = cluster->pick({.tried = tried});
    ASSERT_NE(endpoint, nullptr);
    EXPECT_EQ(std::ranges::find(tried, endpoint->id), tried.end());
    tried.push_back(endpoint->id);
  }
  EXPECT_EQ(cluster->pick({.tried = tried}), nullptr);
}

TEST_F(ClusterRuntimeTest, KeepsWhatItKnowsOfAnEndpointThatStays) {
  fail(1);
  const Endpoint* before = &at(1);
  config.removeEndpoint(1, 3);
  config.endpoint(1, 4, addressOf("10.0.1.4:90"));
  cluster->apply(settings(), shared);
  EXPECT_EQ(&at(1), before);
  EXPECT_EQ(at(1).failureCount, 1U);
  const auto counts = picks(200);
  EXPECT_EQ(counts.at(1), 0);
  EXPECT_EQ(counts.at(3), 0);
  EXPECT_GT(counts.at(4), 0);
}

TEST_F(ClusterRuntimeTest, FreesARemovedEndpointWithItsLastConnection) {
  ASSERT_EQ(cluster->acquireAt(at(1), kOut), nullptr);
  config.removeEndpoint(1, 1);
  cluster->apply(settings(), shared);
  EXPECT_TRUE(cluster->uses(base::EndpointId{1}));
  EXPECT_TRUE(cluster->holdsRemoved());
  EXPECT_TRUE(at(1).removed);
  EXPECT_EQ(at(1).removedAt, ground.loop.now());
  EXPECT_EQ(picks(100).at(1), 0);
  cluster->released(at(1));
  cluster->sweep();
  EXPECT_FALSE(cluster->uses(base::EndpointId{1}));
  EXPECT_FALSE(cluster->holdsRemoved());
}

TEST_F(ClusterRuntimeTest, RemembersWhenAnEndpointWasRemovedFirst) {
  ASSERT_EQ(cluster->acquireAt(at(1), kOut), nullptr);
  config.removeEndpoint(1, 1);
  cluster->apply(settings(), shared);
  const base::TimePoint first = at(1).removedAt;
  ground.clock.advance(std::chrono::seconds(5));
  ground.loop.turn();
  cluster->apply(settings(), shared);
  EXPECT_EQ(at(1).removedAt, first);
  cluster->released(at(1));
}

TEST_F(ClusterRuntimeTest, TakesARemovedEndpointBack) {
  ASSERT_EQ(cluster->acquireAt(at(1), kOut), nullptr);
  config.removeEndpoint(1, 1);
  cluster->apply(settings(), shared);
  config.endpoint(1, 1, addressOf("10.0.1.1:90"));
  cluster->apply(settings(), shared);
  EXPECT_FALSE(at(1).removed);
  EXPECT_FALSE(cluster->holdsRemoved());
  EXPECT_GT(picks(300).at(1), 0);
  cluster->released(at(1));
}

TEST_F(ClusterRuntimeTest, HasNothingToPickOnceItIsRemoved) {
  ASSERT_EQ(cluster->acquireAt(at(1), kOut), nullptr);
  cluster->remove();
  EXPECT_EQ(cluster->pick({}), nullptr);
  EXPECT_TRUE(cluster->holdsRemoved());
  cluster->released(at(1));
  cluster->sweep();
  EXPECT_TRUE(cluster->endpoints().empty());
}

TEST_F(ClusterRuntimeTest, FollowsANewBalancerAndNewWeights) {
  config.cluster(1).balancer.type = snapshot::BalancerType::Random;
  config.cluster(1).endpoints[0].weight = 8;
  cluster->apply(settings(), shared);
  const auto counts = picks(10'000);
  EXPECT_NEAR(counts.at(1), 8000, 300);
  EXPECT_NEAR(counts.at(2), 1000, 200);
}

TEST_F(ClusterRuntimeTest, StartsNoEndpointSlowlyThatWasThereFromTheBeginning) {
  for (std::uint32_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(at(i).slowStartFrom, base::TimePoint{});
  }
}

TEST_F(ClusterRuntimeTest, StartsAnEndpointSlowlyThatIsNew) {
  ground.clock.advance(std::chrono::seconds(5));
  ground.loop.turn();
  config.cluster(1).balancer.slowStart = {.window = std::chrono::seconds(10),
                                          .minSharePercent = 10};
  config.endpoint(1, 4, addressOf("10.0.1.4:90"));
  cluster->apply(settings(), shared);
  EXPECT_EQ(at(4).slowStartFrom, ground.loop.now());
  EXPECT_EQ(at(1).slowStartFrom, base::TimePoint{});
  EXPECT_NEAR(picks(3100).at(4), 100, 20);
  ground.clock.advance(std::chrono::seconds(10));
  ground.loop.turn();
  EXPECT_NEAR(picks(4000).at(4), 1000, 60);
}

TEST_F(ClusterRuntimeTest, StartsAnEndpointSlowlyThatIsBack) {
  config.cluster(1).balancer.slowStart = {.window = std::chrono::seconds(10),
                                          .minSharePercent = 10};
  cluster->apply(settings(), shared);
  fail(2);
  ground.clock.advance(std::chrono::seconds(20));
  ground.loop.turn();
  ASSERT_EQ(cluster->acquireAt(at(2), kOut), nullptr);
  cluster->connected(at(2), kOut, std::chrono::milliseconds(1));
  cluster->released(at(2));
  EXPECT_EQ(at(2).slowStartFrom, ground.loop.now());
  EXPECT_NEAR(picks(2100).at(2), 100, 20);
}

TEST_F(ClusterRuntimeTest, PicksByKeyFromTheTablesOfTheSnapshot) {
  config.cluster(1).balancer.type = snapshot::BalancerType::RingHash;
  config.cluster(1).hashTables = buildHashTables(config.cluster(1));
  cluster->apply(settings(), shared);
  const HashTable& table = config.cluster(1).hashTables->table;
  for (std::uint64_t key = 1; key < 50; ++key) {
    const std::uint64_t spread = base::mixed(key);
    ASSERT_EQ(cluster->pick({.tried = {}, .key = spread})->id,
              config.cluster(1).endpoints[table.endpointOf(table.slotOf(spread))].id);
  }
}

TEST_F(ClusterRuntimeTest, PrefersTheOwnZone) {
  config.cluster(1).zonePreference = {.usableSharePercentMin = 70, .usableCountMin = 1};
  config.cluster(1).endpoints[2].ownZone = true;
  cluster->apply(settings(), shared);
  EXPECT_EQ(picks(100).at(3), 100);
  fail(3);
  EXPECT_LE(picks(100).at(3), 1);
  config.cluster(1).zonePreference.reset();
  cluster->apply(settings(), shared);
  EXPECT_EQ(picks(100).at(1), 50);
}

TEST_F(ClusterRuntimeTest, CountsClosesByDirectionAndErrno) {
  ASSERT_EQ(cluster->acquireAt(at(1), kOut), nullptr);
  cluster->connected(at(1), kOut, {});
  cluster->countClose(at(1), kOut, ECONNRESET);
  cluster->released(at(1));
  const auto closes = [this](int sysErrno) {
    return ground.table
        .run({.kind = telemetry::RunKind::CloseErrno,
              .ids = {1, 1, 1, 1, static_cast<std::uint32_t>(sysErrno)}})
        .get(telemetry::CloseErrnoCell::kCloses);
  };
  EXPECT_EQ(closes(ECONNRESET), 1U);
  EXPECT_EQ(closes(0), 0U);
}

TEST_F(ClusterRuntimeTest, StaysForARequestThatHasNoConnection) {
  cluster->addRequest();
  cluster->remove();
  EXPECT_FALSE(cluster->unused());
  cluster->removeRequest();
  EXPECT_TRUE(cluster->unused());
}

}  // namespace
}  // namespace weft::upstream
