// Availability of the endpoints of a cluster: when one is ejected and how many may be, how a probe
// of the worker's own lets it back in, what a panic is, and when connections fail at once.
#include "upstream/availability.h"

#include <cerrno>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "cluster_fixture.h"

namespace weft::upstream {
namespace {

using snapshot::Direction;
using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::ClusterCell;
using telemetry::EventKind;
using test::addressOf;
using test::Answer;

class AvailabilityTest : public ClusterTest {
 protected:
  /// Endpoints that listen, all of them the cluster's.
  void begin(std::uint32_t count) {
    for (std::uint32_t i = 1; i <= count; ++i) {
      config.endpoint(1, i, addressAt(i));
      ground.listen(addressAt(i));
    }
    cluster = std::make_unique<ClusterRuntime>(ground.context, settings(), shared);
  }

  void apply() { cluster->apply(settings(), shared); }

  [[nodiscard]] snapshot::Ejection& ejection() { return *config.cluster(1).ejection; }

  void succeed(std::uint32_t number) {
    ASSERT_EQ(cluster->acquireAt(at(number), kOut), nullptr);
    cluster->connected(at(number), kOut, milliseconds(1));
    cluster->countClose(at(number), kOut, 0);
    cluster->released(at(number));
  }

  void refuse(std::uint32_t number) {
    ground.network.setAnswer(addressAt(number), Answer::Refused);
  }

  void accept(std::uint32_t number) {
    ground.network.setAnswer(addressAt(number), Answer::Listener);
  }

  [[nodiscard]] std::uint64_t cell(std::size_t which) {
    return ground.table.run({.kind = telemetry::RunKind::Cluster, .ids = {1, 0, 0, 0, 0}})
        .get(which);
  }

  /// How many of so many picks fall on each endpoint.
  [[nodiscard]] std::vector<int> picks(int count) { return countPicks(count, 12); }
};

TEST_F(AvailabilityTest, EjectsAfterSoManyFailuresInARow) {
  begin(4);
  ejection().consecutiveFailures = 3;
  apply();
  fail(1);
  fail(1);
  succeed(1);
  fail(1);
  fail(1);
  EXPECT_FALSE(at(1).ejected);
  fail(1);
  EXPECT_TRUE(at(1).ejected);
  EXPECT_EQ(picks(300).at(1), 0);
  EXPECT_EQ(cell(ClusterCell::kEjectionsByFailures), 1U);
  EXPECT_EQ(cell(ClusterCell::kEjectedNow), 1U);
}

TEST_F(AvailabilityTest, BlamesNoEndpointForWhatThisMachineLacks) {
  begin(2);
  fail(1, EADDRNOTAVAIL);
  fail(1, EMFILE);
  EXPECT_FALSE(at(1).failing);
  EXPECT_EQ(at(1).failureCount, 0U);
}

TEST_F(AvailabilityTest, EjectsAtMostItsShare) {
  begin(10);
  for (std::uint32_t i = 1; i <= 7; ++i) {
    refuse(i);
    fail(i);
  }
  EXPECT_EQ(cell(ClusterCell::kEjectedNow), 5U);
  EXPECT_EQ(cell(ClusterCell::kEjectionsDenied), 2U);
  EXPECT_TRUE(at(7).failing);
  EXPECT_FALSE(at(7).ejected);
  EXPECT_GT(picks(100).at(7), 0);
}

TEST_F(AvailabilityTest, EjectsOneAlways) {
  begin(1);
  fail(1);
  EXPECT_TRUE(at(1).ejected);
  EXPECT_TRUE(cluster->inPanic());
  EXPECT_EQ(picks(1).at(1), 1);
  EXPECT_EQ(cell(ClusterCell::kExcludedPicks), 1U);
}

TEST_F(AvailabilityTest, WhatIsEjectedIsNoLastResort) {
  begin(2);
  fail(1);
  ASSERT_FALSE(cluster->inPanic());
  const std::array tried = {base::EndpointId{2}};
  const auto got = cluster->acquire({.tried = tried}, kOut);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, base::ErrorCode::NoEndpoint);
  EXPECT_EQ(cell(ClusterCell::kExcludedPicks), 0U);
}

TEST_F(AvailabilityTest, TakesTheRoomThatAnotherOneLeaves) {
  begin(3);
  refuse(1);
  refuse(2);
  fail(1);
  fail(2);
  EXPECT_FALSE(at(2).ejected);
  accept(1);
  ground.advance(seconds(3));
  EXPECT_FALSE(at(1).failing);
  EXPECT_TRUE(at(2).ejected) << "with its next probe in vain";
}

TEST_F(AvailabilityTest, LetsBackInByAConnectOfItsOwn) {
  begin(2);
  refuse(1);
  fail(1);
  ground.advance(seconds(1));
  EXPECT_TRUE(at(1).ejected);
  EXPECT_GT(cell(ClusterCell::kProbeFailures), 0U);
  accept(1);
  ground.advance(seconds(2));
  EXPECT_FALSE(at(1).failing);
  EXPECT_GT(picks(100).at(1), 0);
  EXPECT_EQ(cell(ClusterCell::kEjectedNow), 0U);
  EXPECT_EQ(at(1).connectionsNow, 0U) << "a probe is no connection";
  EXPECT_EQ(ground.sockets.openCount(), 0U);
  EXPECT_EQ(ground.events.of(EventKind::EndpointUnavailable).size(), 1U);
  EXPECT_EQ(ground.events.of(EventKind::EndpointAvailable).size(), 1U);
}

TEST_F(AvailabilityTest, CountsServerErrorsAnewOfWhatIsBack) {
  begin(2);
  ejection().consecutiveServerErrors = 3;
  apply();
  refuse(1);
  fail(1);
  // Responses to what it was asked before.
  cluster->requestEnded(at(1), false);
  cluster->requestEnded(at(1), false);
  accept(1);
  ground.advance(seconds(2));
  ASSERT_FALSE(at(1).failing);
  cluster->requestEnded(at(1), false);
  EXPECT_FALSE(at(1).failing);
}

TEST_F(AvailabilityTest, MeasuresAnewWhatIsBack) {
  begin(2);
  config.cluster(1).balancer = {.type = snapshot::BalancerType::P2cEwma,
                                .rttDefault = milliseconds(30),
                                .decay = seconds(10)};
  apply();
  ASSERT_EQ(cluster->acquireAt(at(1), kOut), nullptr);
  cluster->connected(at(1), kOut, seconds(1));
  cluster->released(at(1));
  succeed(2);
  EXPECT_EQ(picks(100).at(1), 0) << "it was slow";
  refuse(1);
  fail(1);
  accept(1);
  ground.advance(seconds(2));
  ASSERT_FALSE(at(1).failing);
  EXPECT_GT(picks(1).at(1), 0);
}

TEST_F(AvailabilityTest, ProbesABlackHoleWithoutHoldingMoreThanOneDescriptor) {
  begin(2);
  ground.network.setAnswer(addressAt(1), Answer::Silence);
  fail(1);
  for (int i = 0; i < 100; ++i) {
    ground.advance(milliseconds(300));
    EXPECT_LE(ground.sockets.openCount(), 1U);
    EXPECT_EQ(picks(10).at(1), 0);
  }
  EXPECT_GT(cell(ClusterCell::kProbes), 2U);
}

TEST_F(AvailabilityTest, DoublesTheTimeBetweenProbesUpToItsMaximum) {
  begin(2);
  ejection().maxTime = seconds(2);
  apply();
  refuse(1);
  fail(1);
  std::vector<base::Duration> gaps;
  base::TimePoint last = ground.loop.now();
  for (std::uint64_t seen = 0; seen < 8;) {
    ground.clock.advance(milliseconds(1));
    ground.settle();
    if (cell(ClusterCell::kProbes) > seen) {
      seen = cell(ClusterCell::kProbes);
      gaps.push_back(ground.loop.now() - last);
      last = ground.loop.now();
    }
  }
  base::Duration whole = milliseconds(100);
  for (const base::Duration gap : gaps) {
    // Timers are late by up to an eighth and a tick.
    EXPECT_LE(gap, whole + whole / 8 + milliseconds(10));
    EXPECT_GE(gap, whole - whole / 4);
    whole = std::min<base::Duration>(whole * 2, seconds(2));
  }
}

TEST_F(AvailabilityTest, KeepsTheBackOffOfAnEndpointThatFlaps) {
  begin(2);
  for (int i = 0; i < 4; ++i) {
    fail(1);
    ground.advance(seconds(1));
    ASSERT_FALSE(at(1).failing) << i;
  }
  EXPECT_EQ(at(1).backoffCount, 4U);
  ground.advance(seconds(11));
  fail(1);
  EXPECT_EQ(at(1).backoffCount, 1U) << "it was good for longer than maxTime";
}

TEST_F(AvailabilityTest, ProbesOftenWhileNothingIsUsable) {
  begin(2);
  for (std::uint32_t i = 1; i <= 2; ++i) {
    refuse(i);
    fail(i);
  }
  ground.advance(seconds(20));
  accept(2);
  ground.advance(milliseconds(200));
  EXPECT_FALSE(at(2).failing);
}

TEST_F(AvailabilityTest, PicksAmongAllInAPanic) {
  begin(10);
  ejection().panicPercent = 60;
  apply();
  for (std::uint32_t i = 1; i <= 4; ++i) {
    refuse(i);
    fail(i);
  }
  EXPECT_FALSE(cluster->inPanic()) << "six of ten are left";
  EXPECT_EQ(picks(100).at(1), 0);
  refuse(5);
  fail(5);
  EXPECT_TRUE(cluster->inPanic());
  EXPECT_EQ(cell(ClusterCell::kPanicNow), 1U);
  const auto counts = picks(100);
  for (std::uint32_t i = 1; i <= 10; ++i) {
    EXPECT_EQ(counts.at(i), 10) << i;
  }
  EXPECT_EQ(cell(ClusterCell::kExcludedPicks), 50U);
  accept(5);
  ground.advance(seconds(1));
  EXPECT_FALSE(cluster->inPanic());
  EXPECT_EQ(picks(100).at(1), 0);
  EXPECT_EQ(ground.events.of(EventKind::ClusterPanic).size(), 2U);
}

TEST_F(AvailabilityTest, LetsBackInWhatAConnectionReachedInAPanic) {
  begin(1);
  refuse(1);
  fail(1);
  succeed(1);
  EXPECT_FALSE(at(1).failing);
  EXPECT_FALSE(cluster->inPanic());
}

TEST_F(AvailabilityTest, EjectsAfterEarlyCloses) {
  begin(2);
  ejection().earlyClose = seconds(1);
  apply();
  cluster->closedEarly(at(1), 0);
  cluster->closedEarly(at(1), ECONNRESET);
  cluster->answered(at(1));
  cluster->closedEarly(at(1), 0);
  cluster->closedEarly(at(1), 0);
  EXPECT_FALSE(at(1).failing);
  cluster->closedEarly(at(1), 0);
  EXPECT_TRUE(at(1).ejected);
  EXPECT_EQ(cell(ClusterCell::kEjectionsByEarlyCloses), 1U);
  succeed(1);
  EXPECT_TRUE(at(1).ejected) << "that it accepts is known";
  ground.advance(seconds(1));
  EXPECT_FALSE(at(1).ejected);
}

TEST_F(AvailabilityTest, FailsFastWithoutAUsableEndpointForSoLong) {
  begin(2);
  config.cluster(1).failFastAfter = seconds(3);
  apply();
  refuse(1);
  refuse(2);
  fail(1);
  ground.advance(seconds(5));
  EXPECT_FALSE(cluster->failsFast()) << "one is left";
  fail(2);
  ground.advance(milliseconds(2900));
  EXPECT_FALSE(cluster->failsFast());
  ground.advance(milliseconds(200));
  EXPECT_TRUE(cluster->failsFast());
  accept(1);
  ground.advance(milliseconds(200));
  EXPECT_FALSE(cluster->failsFast());
}

TEST_F(AvailabilityTest, RemembersThroughANewSnapshot) {
  begin(4);
  refuse(1);
  fail(1);
  config.endpoint(1, 5, addressAt(5));
  apply();
  EXPECT_TRUE(at(1).ejected);
  EXPECT_EQ(picks(100).at(1), 0);
  ejection().consecutiveFailures = 9;
  config.cluster(1).balancer.type = snapshot::BalancerType::LeastConnections;
  apply();
  EXPECT_EQ(picks(100).at(1), 0);
}

TEST_F(AvailabilityTest, LetsBackInWhatIsTooMuchForASmallerShare) {
  begin(10);
  for (std::uint32_t i = 1; i <= 5; ++i) {
    refuse(i);
    fail(i);
  }
  ejection().sharePercentMax = 20;
  apply();
  EXPECT_EQ(cell(ClusterCell::kEjectedNow), 2U);
  const auto counts = picks(80);
  EXPECT_EQ(std::ranges::count(counts, 0), 4) << "index 0, 11 and two endpoints";
}

TEST_F(AvailabilityTest, ForgetsAllWhenEjectionIsTurnedOff) {
  begin(2);
  fail(1);
  config.cluster(1).ejection.reset();
  apply();
  EXPECT_FALSE(at(1).failing);
  EXPECT_GT(picks(100).at(1), 0);
  for (int i = 0; i < 10; ++i) {
    fail(1);
  }
  EXPECT_GT(picks(100).at(1), 0);
  const std::uint64_t probes = cell(ClusterCell::kProbes);
  ground.advance(seconds(20));
  EXPECT_EQ(cell(ClusterCell::kProbes), probes);
}

TEST_F(AvailabilityTest, ProbesNoEndpointThatHasLeft) {
  begin(2);
  refuse(1);
  fail(1);
  config.removeEndpoint(1, 1);
  apply();
  ground.advance(seconds(20));
  EXPECT_EQ(cell(ClusterCell::kProbes), 0U);
  EXPECT_FALSE(cluster->inPanic());
  EXPECT_EQ(cell(ClusterCell::kEjectedNow), 0U);
}

TEST_F(AvailabilityTest, BoundsTheProbesThatConnectAtOnce) {
  constexpr std::uint32_t kCount = 200;
  for (std::uint32_t i = 1; i <= kCount; ++i) {
    const auto address = addressOf("10.0.9." + std::to_string(i) + ":90");
    config.endpoint(1, i, address);
    ground.network.setAnswer(address, Answer::Silence);
  }
  cluster = std::make_unique<ClusterRuntime>(ground.context, settings(), shared);
  for (std::uint32_t i = 1; i <= kCount; ++i) {
    fail(i);
  }
  for (int i = 0; i < 100; ++i) {
    ground.advance(milliseconds(100));
    ASSERT_LE(ground.sockets.openCount(), ProbeSlots::kOpenMax);
  }
  EXPECT_GE(cell(ClusterCell::kProbes), kCount) << "each has had its turn";
  cluster.reset();
  EXPECT_EQ(ground.sockets.openCount(), 0U);
  EXPECT_EQ(ground.probeSlots.openNow(), 0U);
}

TEST_F(AvailabilityTest, LearnsNothingFromAProbeWithoutADescriptor) {
  begin(2);
  fail(1);
  const std::uint32_t backoffs = at(1).backoffCount;
  ground.sockets.setDescriptorMax(0);
  ground.advance(milliseconds(200));
  EXPECT_TRUE(at(1).failing);
  EXPECT_GE(at(1).backoffCount, backoffs);
  ground.sockets.setDescriptorMax(100);
  ground.advance(seconds(2));
  EXPECT_FALSE(at(1).failing);
}

TEST_F(AvailabilityTest, ServerErrorsInARowEjectWhereTheyCount) {
  begin(4);
  for (int i = 0; i < 100; ++i) {
    cluster->requestEnded(at(1), false);
  }
  EXPECT_FALSE(at(1).ejected) << "they do not count unless somebody says so";
  ejection().consecutiveServerErrors = 3;
  apply();
  cluster->requestEnded(at(2), false);
  cluster->requestEnded(at(2), false);
  cluster->requestEnded(at(2), true);
  cluster->requestEnded(at(2), false);
  cluster->requestEnded(at(2), false);
  EXPECT_FALSE(at(2).ejected);
  cluster->requestEnded(at(2), false);
  EXPECT_TRUE(at(2).ejected);
  EXPECT_EQ(cell(ClusterCell::kEjectionsByServerErrors), 1U);
  EXPECT_EQ(picks(100)[2], 0);
  ground.advance(ejection().baseTime * 2);
  EXPECT_FALSE(at(2).ejected) << "it accepts connections, and may try again";
}

TEST_F(AvailabilityTest, ALowSuccessRateEjectsAtTheEndOfAWindow) {
  begin(4);
  ejection().successPercentMin = 50;
  ejection().successRequestsMin = 10;
  ejection().successWindow = seconds(1);
  apply();
  const auto serve = [this](std::uint32_t number, int requests, int failures) {
    for (int i = 0; i < requests; ++i) {
      cluster->requestEnded(at(number), i >= failures);
    }
  };
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    serve(number, 1, 0);
  }
  serve(1, 20, 11);
  serve(2, 20, 10);
  serve(3, 8, 8);
  EXPECT_FALSE(at(1).ejected) << "the window is not over";
  ground.advance(seconds(1));
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    serve(number, 1, 0);
  }
  EXPECT_TRUE(at(1).ejected);
  EXPECT_FALSE(at(2).ejected) << "half of them is enough";
  EXPECT_FALSE(at(3).ejected) << "so few say nothing";
  EXPECT_EQ(cell(ClusterCell::kEjectionsBySuccessRate), 1U);
}

}  // namespace
}  // namespace weft::upstream
