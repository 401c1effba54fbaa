// Health checks of a cluster: when they begin and how often they come, how many answers in a row
// make a verdict, who is told, and that a verdict ends with its endpoint and with its check.
#include "upstream/health_check.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "cluster_fixture.h"

namespace weft::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::ClusterCell;
using telemetry::EventKind;
using telemetry::UnavailableCause;
using test::Answer;

class Told final : public HealthPeers {
 public:
  void healthChanged(base::ClusterId, base::EndpointId endpoint) noexcept override {
    endpoints.push_back(endpoint.number);
  }

  std::vector<std::uint32_t> endpoints;
};

class HealthCheckTest : public ClusterTest {
 protected:
  HealthCheckTest() { ground.context.healthPeers = &told; }

  /// Endpoints that listen, in a cluster that checks them and ejects nothing.
  void begin(std::uint32_t count,
             const snapshot::HealthCheck& check = {.interval = seconds(5), .timeout = seconds(1)}) {
    config.cluster(1).ejection.reset();
    config.cluster(1).healthCheck = check;
    for (std::uint32_t i = 1; i <= count; ++i) {
      add(i);
      ground.listen(addressAt(i));
    }
    cluster = std::make_unique<ClusterRuntime>(ground.context, settings(), shared);
  }

  void add(std::uint32_t number) {
    config.endpoint(1, number, addressAt(number));
    shared.endpoints[base::EndpointId{number}] = std::make_shared<SharedEndpoint>();
  }

  void remove(std::uint32_t number) {
    config.removeEndpoint(1, number);
    shared.endpoints.erase(base::EndpointId{number});
  }

  void apply() { cluster->apply(settings(), shared); }

  void answer(std::uint32_t number, Answer how) {
    ground.network.setAnswer(addressAt(number), how);
  }

  /// What all workers share.
  [[nodiscard]] std::atomic<bool>& verdict(std::uint32_t number) {
    return shared.endpoints.at(base::EndpointId{number})->unhealthy;
  }

  [[nodiscard]] std::uint64_t cell(std::size_t which) {
    return ground.table.run({.kind = telemetry::RunKind::Cluster, .ids = {1, 0, 0, 0, 0}})
        .get(which);
  }

  [[nodiscard]] std::uint64_t checks() { return cell(ClusterCell::kHealthChecks); }

  /// In steps of a millisecond; when checks were counted, since now.
  [[nodiscard]] std::vector<milliseconds> timesOfChecks(milliseconds within) {
    std::vector<milliseconds> times;
    std::uint64_t before = checks();
    for (milliseconds now{1}; now <= within; ++now) {
      ground.clock.advance(milliseconds(1));
      ground.settle();
      for (; before < checks(); ++before) {
        times.push_back(now);
      }
    }
    return times;
  }

  Told told;
};

TEST_F(HealthCheckTest, AsksEachEndpointWithinASecondAndThenAtIntervals) {
  begin(40);
  const std::vector<milliseconds> times = timesOfChecks(milliseconds(1130));
  ASSERT_EQ(times.size(), 40U);
  EXPECT_LT(times.front(), milliseconds(150));
  EXPECT_GT(times.back(), milliseconds(850));
  EXPECT_LT(std::ranges::count_if(times, [](auto time) { return time < milliseconds(500); }), 30);
  EXPECT_TRUE(timesOfChecks(milliseconds(3300)).empty()) << "a tenth less than the interval";
  ground.advance(seconds(3));
  EXPECT_EQ(checks(), 80U);
  EXPECT_EQ(cell(ClusterCell::kHealthCheckFailures), 0U);
  EXPECT_TRUE(told.endpoints.empty());
}

TEST_F(HealthCheckTest, VariesTheIntervalByATenth) {
  begin(1, {.interval = milliseconds(1000), .timeout = milliseconds(100)});
  const std::vector<milliseconds> times = timesOfChecks(seconds(60));
  ASSERT_GT(times.size(), 50U);
  std::vector<milliseconds> gaps;
  for (std::size_t i = 1; i < times.size(); ++i) {
    gaps.push_back(times[i] - times[i - 1]);
  }
  const auto [least, most] = std::ranges::minmax(gaps);
  EXPECT_GE(least, milliseconds(900));
  // A timer fires up to an eighth late.
  EXPECT_LE(most, milliseconds(1100 * 9 / 8));
  EXPECT_GT(most - least, milliseconds(80));
}

TEST_F(HealthCheckTest, LeavesOutAnEndpointThatDoesNotAnswerSoOften) {
  begin(2, {.interval = seconds(1), .timeout = milliseconds(500), .consecutiveFailures = 3});
  ground.advance(milliseconds(1200));
  answer(1, Answer::Refused);
  while (cell(ClusterCell::kHealthCheckFailures) < 2) {
    ground.advance(milliseconds(20));
  }
  EXPECT_FALSE(at(1).unhealthy);
  EXPECT_GT(countPicks(100, 3)[1], 0);
  ground.advance(milliseconds(1300));
  EXPECT_TRUE(at(1).unhealthy);
  EXPECT_EQ(countPicks(100, 3)[1], 0);
  EXPECT_TRUE(verdict(1));
  EXPECT_FALSE(verdict(2));
  EXPECT_EQ(told.endpoints, std::vector<std::uint32_t>{1});
  EXPECT_EQ(cell(ClusterCell::kUnhealthyNow), 1U);
  EXPECT_EQ(cell(ClusterCell::kEjectedNow), 0U);
  const auto events = ground.events.of(EventKind::EndpointUnavailable);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].numbers[1], 1U);
  EXPECT_EQ(events[0].numbers[2], static_cast<std::uint64_t>(ECONNREFUSED));
  EXPECT_EQ(events[0].numbers[5], static_cast<std::uint64_t>(UnavailableCause::HealthCheck));
}

TEST_F(HealthCheckTest, CountsFailuresInARowOnly) {
  begin(2, {.interval = seconds(1), .timeout = milliseconds(500), .consecutiveFailures = 2});
  for (int i = 0; i < 10; ++i) {
    const std::uint64_t before = cell(ClusterCell::kHealthCheckFailures);
    answer(1, Answer::Refused);
    while (cell(ClusterCell::kHealthCheckFailures) == before) {
      ground.advance(milliseconds(20));
    }
    answer(1, Answer::Listener);
    ground.advance(milliseconds(1300));
  }
  EXPECT_TRUE(told.endpoints.empty()) << "never unhealthy";
  EXPECT_EQ(cell(ClusterCell::kHealthCheckFailures), 10U);
}

TEST_F(HealthCheckTest, CountsSilenceAsAFailureAfterTheTimeout) {
  begin(2, {.interval = seconds(1), .timeout = milliseconds(300), .consecutiveFailures = 1});
  answer(1, Answer::Silence);
  ground.advance(milliseconds(1130));
  ground.advance(milliseconds(350));
  EXPECT_TRUE(at(1).unhealthy);
  const auto events = ground.events.of(EventKind::EndpointUnavailable);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].numbers[3],
            static_cast<std::uint64_t>(telemetry::CloseReason::ConnectTimeout));
}

TEST_F(HealthCheckTest, TakesAnEndpointBackAfterSoManyAnswersInARow) {
  begin(2, {.interval = seconds(1),
            .timeout = milliseconds(500),
            .consecutiveFailures = 1,
            .consecutiveSuccesses = 3});
  answer(1, Answer::Refused);
  ground.advance(milliseconds(1200));
  ASSERT_TRUE(at(1).unhealthy);
  answer(1, Answer::Listener);
  const std::uint64_t before = checks();
  while (checks() < before + 4) {
    ground.advance(milliseconds(20));
    EXPECT_TRUE(at(1).unhealthy);
  }
  ground.advance(milliseconds(1400));
  EXPECT_FALSE(at(1).unhealthy);
  EXPECT_FALSE(verdict(1));
  EXPECT_EQ(told.endpoints, (std::vector<std::uint32_t>{1, 1}));
  EXPECT_EQ(cell(ClusterCell::kUnhealthyNow), 0U);
  const auto events = ground.events.of(EventKind::EndpointAvailable);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].numbers[2], static_cast<std::uint64_t>(UnavailableCause::HealthCheck));
}

TEST_F(HealthCheckTest, StartsAnEndpointSlowlyThatIsHealthyAgain) {
  begin(2, {.interval = seconds(1), .timeout = milliseconds(500), .consecutiveFailures = 1});
  config.cluster(1).balancer.slowStart = {.window = seconds(30), .minSharePercent = 10};
  apply();
  ground.advance(seconds(40));
  answer(1, Answer::Refused);
  ground.advance(milliseconds(1300));
  answer(1, Answer::Listener);
  ground.advance(milliseconds(1300));
  ASSERT_FALSE(at(1).unhealthy);
  const std::vector<int> picks = countPicks(1000, 3);
  EXPECT_GT(picks[1], 0);
  EXPECT_LT(picks[1], 250);
}

TEST_F(HealthCheckTest, BlamesNoEndpointForWhatThisMachineLacks) {
  begin(1, {.interval = seconds(1), .timeout = milliseconds(500), .consecutiveFailures = 1});
  ground.sockets.failCalls(
      [](test::Call call) { return call == test::Call::Connect ? EMFILE : 0; });
  ground.advance(seconds(4));
  EXPECT_FALSE(at(1).unhealthy);
  EXPECT_GE(cell(ClusterCell::kHealthCheckFailures), 3U);
}

TEST_F(HealthCheckTest, PicksAnythingWhenNothingIsHealthy) {
  begin(2, {.interval = seconds(1), .timeout = milliseconds(500), .consecutiveFailures = 1});
  config.cluster(1).failFastAfter = seconds(3);
  apply();
  answer(1, Answer::Refused);
  answer(2, Answer::Refused);
  ground.advance(milliseconds(1200));
  EXPECT_TRUE(cluster->inPanic());
  EXPECT_EQ(countPicks(100, 3)[0], 0);
  ground.advance(seconds(4));
  EXPECT_TRUE(cluster->failsFast());
  answer(2, Answer::Listener);
  ground.advance(milliseconds(1300));
  EXPECT_FALSE(cluster->failsFast());
  EXPECT_FALSE(cluster->inPanic());
  EXPECT_EQ(countPicks(100, 3)[2], 100);
}

TEST_F(HealthCheckTest, IsNotOverruledByAProbeOfWhatConnectionsFound) {
  begin(3, {.interval = seconds(5), .timeout = seconds(1), .consecutiveFailures = 1});
  config.cluster(1).ejection = {.consecutiveFailures = 1,
                                .earlyClose = seconds(1),
                                .consecutiveEarlyCloses = 3,
                                .baseTime = milliseconds(100),
                                .maxTime = seconds(1),
                                .sharePercentMax = 50,
                                .panicPercent = 0};
  apply();
  answer(1, Answer::Refused);
  ground.advance(milliseconds(1200));
  ASSERT_TRUE(at(1).unhealthy);
  fail(1);
  EXPECT_TRUE(at(1).ejected);
  answer(1, Answer::Listener);
  ground.advance(milliseconds(300));
  EXPECT_FALSE(at(1).ejected);
  EXPECT_EQ(countPicks(100, 4)[1], 0) << "the check has not asked again";
  EXPECT_EQ(ground.events.of(EventKind::EndpointUnavailable).size(), 2U);
  ground.advance(seconds(6));
  EXPECT_GT(countPicks(100, 4)[1], 0);
}

TEST_F(HealthCheckTest, FollowsTheWorkerThatChecks) {
  ground.context.healthPeers = nullptr;
  begin(2);
  ground.advance(seconds(20));
  EXPECT_EQ(checks(), 0U);
  verdict(1) = true;
  cluster->healthChanged(base::EndpointId{1});
  EXPECT_EQ(countPicks(100, 3)[1], 0);
  EXPECT_EQ(cell(ClusterCell::kUnhealthyNow), 0U) << "counted once, by the worker that checks";
  EXPECT_TRUE(ground.events.events().empty());
  verdict(1) = false;
  cluster->healthChanged(base::EndpointId{1});
  EXPECT_GT(countPicks(100, 3)[1], 0);
  cluster->healthChanged(base::EndpointId{9});
}

TEST_F(HealthCheckTest, BeginsWithWhatOthersKnow) {
  ground.context.healthPeers = nullptr;
  begin(1);
  add(2);
  verdict(2) = true;
  apply();
  EXPECT_EQ(countPicks(100, 3)[2], 0);
}

TEST_F(HealthCheckTest, EndsWithItsEndpoint) {
  begin(3, {.interval = seconds(1), .timeout = seconds(1), .consecutiveFailures = 1});
  answer(1, Answer::Refused);
  answer(2, Answer::Silence);
  ground.advance(milliseconds(1200));
  ASSERT_TRUE(at(1).unhealthy);
  remove(1);
  remove(2);
  apply();
  const std::uint64_t before = checks();
  ground.advance(milliseconds(900));
  EXPECT_LE(checks(), before + 1);
  EXPECT_EQ(cell(ClusterCell::kUnhealthyNow), 0U);
  EXPECT_EQ(ground.events.of(EventKind::EndpointAvailable).size(), 1U);
  answer(1, Answer::Listener);
  add(1);
  apply();
  EXPECT_GT(countPicks(100, 4)[1], 0) << "nothing is known of it";
}

TEST_F(HealthCheckTest, EndsWhenItIsTurnedOff) {
  begin(2, {.interval = seconds(1), .timeout = seconds(1), .consecutiveFailures = 1});
  answer(1, Answer::Refused);
  ground.advance(milliseconds(1200));
  ASSERT_TRUE(at(1).unhealthy);
  config.cluster(1).healthCheck.reset();
  apply();
  EXPECT_FALSE(verdict(1));
  EXPECT_GT(countPicks(100, 3)[1], 0);
  EXPECT_EQ(ground.events.of(EventKind::EndpointAvailable).size(), 1U);
  const std::uint64_t before = checks();
  ground.advance(seconds(5));
  EXPECT_EQ(checks(), before);
}

TEST_F(HealthCheckTest, GoesOnWithOtherSettings) {
  begin(2, {.interval = seconds(100), .timeout = seconds(1), .consecutiveFailures = 1});
  answer(1, Answer::Refused);
  ground.advance(milliseconds(1200));
  ASSERT_TRUE(at(1).unhealthy);
  answer(1, Answer::Listener);
  config.cluster(1).healthCheck->interval = seconds(1);
  apply();
  EXPECT_TRUE(at(1).unhealthy) << "what is known stays";
  ground.advance(milliseconds(1200));
  EXPECT_FALSE(at(1).unhealthy);
}

TEST_F(HealthCheckTest, AsksSoManyAtOnceAndTheOthersInTheirTurn) {
  begin(100, {.interval = seconds(10), .timeout = seconds(2), .consecutiveFailures = 1});
  for (std::uint32_t i = 1; i <= 100; ++i) {
    answer(i, Answer::Silence);
  }
  ground.advance(milliseconds(1200));
  EXPECT_EQ(ground.checkSlots.openNow(), ProbeSlots::kOpenMax);
  EXPECT_EQ(ground.probeSlots.openNow(), 0U);
  for (std::uint32_t i = 1; i <= 100; ++i) {
    answer(i, Answer::Listener);
  }
  ground.advance(milliseconds(2500));
  EXPECT_EQ(checks(), 100U);
  EXPECT_EQ(cell(ClusterCell::kHealthCheckFailures), ProbeSlots::kOpenMax);
  EXPECT_EQ(ground.checkSlots.openNow(), 0U);
}

TEST_F(HealthCheckTest, LeavesNothingOpen) {
  begin(100, {.interval = seconds(1), .timeout = seconds(2), .consecutiveFailures = 1});
  for (std::uint32_t i = 1; i <= 100; i += 2) {
    answer(i, Answer::Silence);
  }
  ground.advance(milliseconds(1500));
  ASSERT_GT(ground.checkSlots.openNow(), 0U);
  cluster.reset();
  ground.settle();
  EXPECT_EQ(ground.checkSlots.openNow(), 0U);
  EXPECT_EQ(ground.sockets.openCount(), 0U);
}

}  // namespace
}  // namespace weft::upstream
