// p2cEwma: prefers fast and idle endpoints, tries unknown ones once, respects weights.
#include "upstream/p2c_ewma.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "endpoints.h"

namespace weft::upstream {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kType = snapshot::BalancerType::P2cEwma;

class P2cEwmaTest : public testing::Test {
 protected:
  static constexpr base::Duration kDecay = seconds(10);

  static void measure(Endpoints& endpoints, std::size_t index, base::Duration connectTime) {
    endpoints.at(index).connectTime.observe(connectTime, endpoints.now, kDecay);
  }
};

TEST_F(P2cEwmaTest, PrefersTheFasterOfTwo) {
  Endpoints endpoints(settingsOf(kType), {1, 1});
  measure(endpoints, 0, milliseconds(10));
  measure(endpoints, 1, milliseconds(1));
  EXPECT_EQ(endpoints.countPicks(1000), (std::vector<int>{0, 1000}));
}

TEST_F(P2cEwmaTest, PrefersTheIdlerOfTwoThatAreEquallyFast) {
  Endpoints endpoints(settingsOf(kType), {1, 1});
  measure(endpoints, 0, milliseconds(1));
  measure(endpoints, 1, milliseconds(1));
  endpoints.changeLoad(endpoints.at(1), 1);
  EXPECT_EQ(endpoints.countPicks(1000), (std::vector<int>{1000, 0}));
}

TEST_F(P2cEwmaTest, WeighsSlownessAgainstLoad) {
  Endpoints endpoints(settingsOf(kType), {1, 1});
  measure(endpoints, 0, milliseconds(1));
  measure(endpoints, 1, milliseconds(10));
  for (int i = 0; i < 1100; ++i) {
    endpoints.changeLoad(*endpoints.pick(), 1);
  }
  EXPECT_NEAR(endpoints.at(0).loadNow, 1000, 15) << "ten times as many on the faster one";
}

TEST_F(P2cEwmaTest, GivesTheSlowestOfManyAlmostNothing) {
  Endpoints endpoints(settingsOf(kType), std::vector<std::uint32_t>(10, 1));
  for (std::size_t i = 0; i < 10; ++i) {
    measure(endpoints, i, i == 4 ? milliseconds(100) : milliseconds(1));
  }
  const std::vector<int> counts = endpoints.countPicks(10'000);
  EXPECT_EQ(counts[4], 0);
  for (std::size_t i = 0; i < 10; ++i) {
    if (i != 4) {
      EXPECT_NEAR(counts[i], 1111, 150);
    }
  }
}

TEST_F(P2cEwmaTest, TriesAnUnknownEndpointAtOnceButOnlyOnceUntilItHasAnswered) {
  Endpoints endpoints(settingsOf(kType), {1, 1});
  measure(endpoints, 0, milliseconds(1));
  ASSERT_EQ(endpoints.pickNumber(), 1);
  endpoints.changeLoad(endpoints.at(1), 1);
  EXPECT_EQ(endpoints.countPicks(100).at(1), 0) << "30 ms is assumed until it has answered";
  measure(endpoints, 1, microseconds(100));
  EXPECT_EQ(endpoints.pickNumber(), 1);
}

TEST_F(P2cEwmaTest, ComesBackToASlowEndpointAfterAWhile) {
  Endpoints endpoints(settingsOf(kType), {1, 1});
  measure(endpoints, 0, milliseconds(100));
  measure(endpoints, 1, milliseconds(1));
  ASSERT_EQ(endpoints.countPicks(100).at(0), 0);
  for (int second = 0; second < 60; ++second) {
    endpoints.now += seconds(1);
    measure(endpoints, 1, milliseconds(1));
  }
  EXPECT_EQ(endpoints.pickNumber(), 0);
}

TEST_F(P2cEwmaTest, ComparesLoadWhenAllPeaksAreForgotten) {
  Endpoints endpoints(settingsOf(kType), {1, 1});
  measure(endpoints, 0, milliseconds(100));
  measure(endpoints, 1, milliseconds(1));
  endpoints.now += std::chrono::hours(10);
  endpoints.changeLoad(endpoints.at(1), 1);
  EXPECT_EQ(endpoints.countPicks(100), (std::vector<int>{100, 0}));
  endpoints.changeLoad(endpoints.at(0), 2);
  EXPECT_EQ(endpoints.countPicks(100), (std::vector<int>{0, 100}));
}

TEST_F(P2cEwmaTest, HoldsConnectionsInProportionToWeights) {
  Endpoints endpoints(settingsOf(kType), {1, 3});
  measure(endpoints, 0, milliseconds(1));
  measure(endpoints, 1, milliseconds(1));
  for (int i = 0; i < 4000; ++i) {
    endpoints.changeLoad(*endpoints.pick(), 1);
  }
  EXPECT_NEAR(endpoints.at(0).loadNow, 1000, 20);
}

TEST_F(P2cEwmaTest, ComparesLoadTheSameWhateverTheScaleOfWeights) {
  for (const std::uint32_t weight : {1U, 100U, 65535U}) {
    Endpoints endpoints(settingsOf(kType), {weight, weight});
    measure(endpoints, 0, microseconds(1000));
    measure(endpoints, 1, microseconds(1500));
    endpoints.changeLoad(endpoints.at(0), 1);
    EXPECT_EQ(endpoints.pickNumber(), 1) << "1000 us with one open, 1500 us with none: " << weight;
  }
}

TEST_F(P2cEwmaTest, PicksByWeightWhenAllAreIdleAndEquallyFast) {
  Endpoints endpoints(settingsOf(kType), {1, 3});
  measure(endpoints, 0, milliseconds(1));
  measure(endpoints, 1, milliseconds(1));
  EXPECT_NEAR(endpoints.countPicks(10'000).at(0), 2500, 150);
}

}  // namespace
}  // namespace weft::upstream
