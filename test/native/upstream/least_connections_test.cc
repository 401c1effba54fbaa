// Least connections: the fewest for the weight, and round by weight among equal ones.
#include "upstream/least_connections.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "endpoints.h"

namespace weft::upstream {
namespace {

constexpr auto kType = snapshot::BalancerType::LeastConnections;

TEST(LeastConnectionsTest, PicksTheOneWithTheFewest) {
  Endpoints endpoints(settingsOf(kType), {1, 1, 1});
  static_cast<void>(endpoints.pick());
  endpoints.changeLoad(endpoints.at(0), 5);
  endpoints.changeLoad(endpoints.at(1), 3);
  endpoints.changeLoad(endpoints.at(2), 4);
  EXPECT_EQ(endpoints.pickNumber(), 1);
  endpoints.changeLoad(endpoints.at(1), 2);
  EXPECT_EQ(endpoints.pickNumber(), 2);
  endpoints.changeLoad(endpoints.at(0), -4);
  EXPECT_EQ(endpoints.pickNumber(), 0);
}

TEST(LeastConnectionsTest, KnowsConnectionsFromBeforeTheSet) {
  Endpoints endpoints(settingsOf(kType), {1, 1});
  endpoints.changeLoad(endpoints.at(0), 2);
  endpoints.keep({0, 1});
  EXPECT_EQ(endpoints.pickNumber(), 1);
}

TEST(LeastConnectionsTest, AgreesWithASearchThroughARandomHistory) {
  Endpoints endpoints(settingsOf(kType), {1, 2, 3, 4, 5, 1, 2, 3});
  base::Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    EndpointState& other = endpoints.at(random.below(8));
    if (other.loadNow > 0 && random.below(2) == 0) {
      endpoints.changeLoad(other, -1);
    }
    const EndpointState& picked = *endpoints.pick();
    for (std::size_t k = 0; k < endpoints.size(); ++k) {
      const EndpointState& rival = endpoints.at(k);
      ASSERT_LE(picked.loadNow * rival.weight, rival.loadNow * picked.weight);
    }
    endpoints.changeLoad(endpoints.at(picked.id.number), 1);
  }
}

TEST(LeastConnectionsTest, HoldsConnectionsInProportionToWeights) {
  Endpoints endpoints(settingsOf(kType), {1, 2, 7});
  for (int i = 0; i < 1000; ++i) {
    endpoints.changeLoad(*endpoints.pick(), 1);
  }
  EXPECT_NEAR(endpoints.at(0).loadNow, 100, 2);
  EXPECT_NEAR(endpoints.at(1).loadNow, 200, 2);
  EXPECT_NEAR(endpoints.at(2).loadNow, 700, 2);
}

TEST(LeastConnectionsTest, GoesRoundByWeightWhenAllAreIdle) {
  Endpoints endpoints(settingsOf(kType), {1, 3});
  const std::vector<int> counts = endpoints.countPicks(4000);
  EXPECT_NEAR(counts[0], 1000, 20);
  EXPECT_NEAR(counts[1], 3000, 60);
}

TEST(LeastConnectionsTest, GivesNoBurstToOneThatWasBusyForLong) {
  Endpoints endpoints(settingsOf(kType), {1, 1});
  endpoints.changeLoad(endpoints.at(0), 1);
  static_cast<void>(endpoints.countPicks(5000));
  endpoints.changeLoad(endpoints.at(0), -1);
  const std::vector<int> counts = endpoints.countPicks(100);
  EXPECT_NEAR(counts[0], 50, 2);
}

}  // namespace
}  // namespace weft::upstream
