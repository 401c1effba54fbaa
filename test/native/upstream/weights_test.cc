// Weights: round robin and random are right within 2 % over 100,000 picks, and a heavy endpoint's
// turns are spread.
#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "endpoints.h"

namespace weft::upstream {
namespace {

using snapshot::BalancerType;
using Weights = std::vector<std::uint32_t>;

constexpr int kPicks = 100'000;

void expectShares(const std::vector<int>& counts, const Weights& weights, double tolerance) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double expected = kPicks * weights[i] / sum;
    EXPECT_NEAR(counts[i], expected, tolerance * expected) << "endpoint " << i;
  }
}

class WeightsTest : public testing::TestWithParam<BalancerType> {};

INSTANTIATE_TEST_SUITE_P(RoundRobinAndRandom, WeightsTest,
                         testing::Values(BalancerType::RoundRobin, BalancerType::Random));

TEST_P(WeightsTest, AreRightWithinTwoPercent) {
  for (const Weights& weights :
       {Weights{1, 1}, Weights{1, 2, 3}, Weights{10, 1}, Weights{100, 50, 25, 25}, Weights(8, 7)}) {
    Endpoints endpoints(settingsOf(GetParam()), weights);
    expectShares(endpoints.countPicks(kPicks), weights, 0.02);
  }
}

TEST_P(WeightsTest, KeepTheirSharesAmongThoseThatLive) {
  const Weights weights = {4, 3, 2, 5};
  Endpoints endpoints(settingsOf(GetParam()), weights);
  endpoints.die(0, std::chrono::hours(1));
  const std::vector<int> counts = endpoints.countPicks(kPicks);
  expectShares(counts, {0, 3, 2, 5}, 0.02);
}

TEST_P(WeightsTest, AreReadAgainWithANewSet) {
  Endpoints endpoints(settingsOf(GetParam()), {1, 1, 1});
  static_cast<void>(endpoints.countPicks(10));
  endpoints.at(2).weight = 6;
  endpoints.keep({0, 1, 2});
  expectShares(endpoints.countPicks(kPicks), {1, 1, 6}, 0.02);
}

TEST_P(WeightsTest, OfTheLargestSizeWorkBesideTheSmallest) {
  Endpoints endpoints(settingsOf(GetParam()), {65535, 1, 65535});
  const std::vector<int> counts = endpoints.countPicks(kPicks);
  EXPECT_NEAR(counts[0], kPicks / 2, 1000);
  EXPECT_NEAR(counts[2], kPicks / 2, 1000);
}

TEST(RoundRobinTest, IsExactForEqualWeights) {
  Endpoints endpoints(settingsOf(BalancerType::RoundRobin), Weights(7, 1));
  for (const int count : endpoints.countPicks(700)) {
    EXPECT_EQ(count, 100);
  }
}

TEST(RoundRobinTest, GoesRoundInTheSameOrderForEqualWeights) {
  Endpoints endpoints(settingsOf(BalancerType::RoundRobin), Weights(5, 3));
  std::vector<int> first;
  for (int i = 0; i < 5; ++i) {
    first.push_back(endpoints.pickNumber());
  }
  for (int round = 0; round < 10; ++round) {
    for (const int number : first) {
      ASSERT_EQ(endpoints.pickNumber(), number);
    }
  }
}

/// The longest run of picks of endpoint 0.
int longestRun(Endpoints& endpoints, int picks) {
  int longest = 0;
  int run = 0;
  for (int i = 0; i < picks; ++i) {
    run = endpoints.pickNumber() == 0 ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

TEST(RoundRobinTest, SpreadsTheTurnsOfAHeavyEndpoint) {
  // Half of all picks: never three in a row. Five sixths: never more than six.
  Endpoints half(settingsOf(BalancerType::RoundRobin), {5, 1, 1, 1, 1, 1});
  EXPECT_LE(longestRun(half, 10'000), 2);
  Endpoints most(settingsOf(BalancerType::RoundRobin), {10, 1, 1});
  EXPECT_LE(longestRun(most, 10'000), 7);
}

TEST(RoundRobinTest, GivesNoBurstToAnEndpointThatComesBack) {
  Endpoints endpoints(settingsOf(BalancerType::RoundRobin), {1, 1, 1});
  endpoints.die(0, std::chrono::seconds(5));
  ASSERT_EQ(endpoints.countPicks(3000).at(0), 0);
  endpoints.now += std::chrono::seconds(5);
  EXPECT_EQ(longestRun(endpoints, 300), 1);
}

TEST(RoundRobinTest, BeginsDifferentlyForDifferentWorkers) {
  std::vector<int> firsts(4);
  for (std::uint64_t worker = 0; worker < 400; ++worker) {
    Endpoints endpoints(settingsOf(BalancerType::RoundRobin), Weights(4, 1));
    endpoints.random = base::Random(worker);
    ++firsts.at(static_cast<std::size_t>(endpoints.pickNumber()));
  }
  for (const int count : firsts) {
    EXPECT_GT(count, 40);
  }
}

TEST(RandomTest, IsNotInOrder) {
  Endpoints endpoints(settingsOf(BalancerType::Random), {1, 1});
  EXPECT_GT(longestRun(endpoints, 1000), 4);
}

}  // namespace
}  // namespace weft::upstream
