// The random generator: repeats itself for a seed, differs between seeds, and spreads evenly.
#include "base/random.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

TEST(RandomTest, RepeatsItselfForTheSameSeed) {
  Random first(42);
  Random second(42);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(first.next(), second.next());
  }
}

TEST(RandomTest, GivesDifferentNumbersForNeighbouringSeedsAndForZero) {
  std::set<std::uint64_t> firstNumbers;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    firstNumbers.insert(Random(seed).next());
  }
  EXPECT_EQ(firstNumbers.size(), 1000U);
  EXPECT_FALSE(firstNumbers.contains(0));
}

TEST(RandomTest, SpreadsEvenlyBelowABound) {
  Random random(1);
  constexpr std::uint32_t kBound = 10;
  constexpr int kDraws = 100'000;
  std::vector<int> counts(kBound);
  for (int i = 0; i < kDraws; ++i) {
    const std::uint32_t number = random.below(kBound);
    ASSERT_LT(number, kBound);
    ++counts[number];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, kDraws / kBound, 0.05 * kDraws / kBound);
  }
}

TEST(RandomTest, ReachesBothEndsOfTheLargestBound) {
  Random random(1);
  EXPECT_EQ(random.below(1), 0U);
  std::uint32_t smallest = UINT32_MAX;
  std::uint32_t largest = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint32_t number = random.below(UINT32_MAX);
    smallest = std::min(smallest, number);
    largest = std::max(largest, number);
  }
  EXPECT_LT(smallest, UINT32_MAX / 1000);
  EXPECT_GT(largest, UINT32_MAX - UINT32_MAX / 1000);
}

}  // namespace
}  // namespace weft::base
