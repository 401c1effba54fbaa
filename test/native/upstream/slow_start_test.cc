// Slow start: the share of an endpoint that is new or came back grows with time, for each balancer
// that has shares.
#include "upstream/slow_start.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "endpoints.h"
#include "upstream/endpoint_set.h"

namespace weft::upstream {
namespace {

using snapshot::BalancerType;
using std::chrono::seconds;
using Weights = std::vector<std::uint32_t>;

constexpr int kPicks = 20'000;

class SlowStartTest : public testing::TestWithParam<BalancerType> {
 protected:
  [[nodiscard]] static snapshot::Balancer settings() {
    snapshot::Balancer made = settingsOf(GetParam());
    made.slowStart = {.window = seconds(32), .minSharePercent = 10};
    return made;
  }

  /// It is new at this moment.
  static void begin(Endpoints& endpoints, std::size_t index) {
    endpoints.at(index).slowStartFrom = endpoints.now;
    endpoints.balancer().loadChanged(endpoints.at(index));
  }

  /// The part that one endpoint gets of what another one gets with the same weight. Each pick
  /// stays open for as long as a hundred others.
  static double partOf(Endpoints& endpoints, std::size_t index, std::size_t other) {
    std::vector<int> counts(endpoints.size());
    std::vector<EndpointState*> open;
    for (int i = 0; i < kPicks; ++i) {
      EndpointState* endpoint = endpoints.pick();
      ++counts.at(endpoint->id.number);
      endpoints.changeLoad(*endpoint, 1);
      open.push_back(endpoint);
      if (open.size() > 100) {
        endpoints.changeLoad(*open[open.size() - 101], -1);
      }
    }
    for (std::size_t i = open.size() - 100; i < open.size(); ++i) {
      endpoints.changeLoad(*open[i], -1);
    }
    return static_cast<double>(counts.at(index)) / counts.at(other);
  }
};

std::string nameOf(const testing::TestParamInfo<BalancerType>& info) {
  constexpr std::array<const char*, 4> kNames = {"P2cEwma", "RoundRobin", "LeastConnections",
                                                 "Random"};
  return kNames.at(static_cast<std::size_t>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Every, SlowStartTest,
                         testing::Values(BalancerType::P2cEwma, BalancerType::RoundRobin,
                                         BalancerType::LeastConnections, BalancerType::Random),
                         nameOf);

TEST_P(SlowStartTest, BeginsWithTheSmallestShareAndGrowsToTheWhole) {
  Endpoints endpoints(settings(), Weights(4, 1));
  for (std::size_t i = 0; i < 4; ++i) {
    endpoints.at(i).connectTime.observe(std::chrono::milliseconds(1), endpoints.now, seconds(1000));
  }
  static_cast<void>(endpoints.countPicks(100));
  begin(endpoints, 2);
  // Power of two choices looks at the load as well, so its share is not the weight's alone.
  const double tolerance = GetParam() == BalancerType::P2cEwma ? 0.12 : 0.05;
  EXPECT_NEAR(partOf(endpoints, 2, 0), 0.1, tolerance);
  endpoints.now += seconds(8);
  EXPECT_NEAR(partOf(endpoints, 2, 0), 0.25, tolerance);
  endpoints.now += seconds(8);
  EXPECT_NEAR(partOf(endpoints, 2, 0), 0.5, tolerance);
  endpoints.now += seconds(16);
  EXPECT_NEAR(partOf(endpoints, 2, 0), 1.0, 0.1);
}

TEST_P(SlowStartTest, OfAnEndpointThatIsNewInTheSet) {
  Endpoints endpoints(settings(), Weights(4, 1));
  endpoints.keep({0, 1, 2});
  static_cast<void>(endpoints.countPicks(100));
  endpoints.at(3).slowStartFrom = endpoints.now;
  endpoints.keep({0, 1, 2, 3});
  EXPECT_LT(partOf(endpoints, 3, 0), 0.3);
  endpoints.now += seconds(32);
  EXPECT_NEAR(partOf(endpoints, 3, 0), 1.0, 0.1);
}

TEST_P(SlowStartTest, OfAnEndpointThatCameBackBeginsAnew) {
  Endpoints endpoints(settings(), Weights(4, 1));
  static_cast<void>(endpoints.countPicks(10));
  begin(endpoints, 1);
  endpoints.now += seconds(32);
  static_cast<void>(endpoints.countPicks(100));
  endpoints.die(1, seconds(5));
  static_cast<void>(endpoints.countPicks(100));
  endpoints.now += seconds(5);
  begin(endpoints, 1);
  EXPECT_LT(partOf(endpoints, 1, 0), 0.3);
}

TEST_P(SlowStartTest, OfAllEndpointsChangesNothing) {
  Endpoints endpoints(settings(), Weights(3, 1));
  static_cast<void>(endpoints.countPicks(10));
  for (std::size_t i = 0; i < 3; ++i) {
    begin(endpoints, i);
  }
  EXPECT_NEAR(partOf(endpoints, 1, 0), 1.0, 0.1);
}

TEST_P(SlowStartTest, WithoutSettingsIsNoStartAtAll) {
  Endpoints endpoints(settingsOf(GetParam()), Weights(3, 1));
  static_cast<void>(endpoints.countPicks(10));
  begin(endpoints, 1);
  EXPECT_NEAR(partOf(endpoints, 1, 0), 1.0, 0.1);
}

TEST(SlowStartStepsTest, AreAFewForEachPick) {
  snapshot::Balancer settings = settingsOf(BalancerType::Random);
  settings.slowStart = {.window = seconds(1), .minSharePercent = 1};
  Endpoints endpoints(settings, Weights(1000, 1));
  EndpointSet set(settings.slowStart);
  std::vector<EndpointState*> members;
  for (std::size_t i = 0; i < 1000; ++i) {
    endpoints.at(i).slowStartFrom = endpoints.now;
    members.push_back(&endpoints.at(i));
  }
  set.reset(members);
  int steps = 0;
  set.refresh(endpoints.now + seconds(10), [](auto) {}, [&](auto) { ++steps; });
  EXPECT_EQ(steps, 8);
  int picks = 1;
  while (steps > 0 && picks < 1000) {
    steps = 0;
    set.refresh(endpoints.now + seconds(10), [](auto) {}, [&](auto) { ++steps; });
    ++picks;
  }
  EXPECT_EQ(picks, 126);
  EXPECT_EQ(set.weight(999), SlowStart::kUnit);
}

}  // namespace
}  // namespace weft::upstream
