// What holds for every balancer: dead and tried endpoints are left out, panic, members that come
// and go, and picks that stay cheap and allocate nothing with 10,000 endpoints.
#include "upstream/balancer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "endpoints.h"
#include "support/allocation_counter.h"

namespace weft::upstream {
namespace {

using snapshot::BalancerType;
using std::chrono::seconds;

class BalancerTest : public testing::TestWithParam<BalancerType> {
 protected:
  [[nodiscard]] static Endpoints endpoints(std::size_t count) {
    return {settingsOf(GetParam()), std::vector<std::uint32_t>(count, 1)};
  }
};

std::string nameOf(const testing::TestParamInfo<BalancerType>& info) {
  constexpr std::array<const char*, 6> kNames = {"P2cEwma", "RoundRobin", "LeastConnections",
                                                 "Random",  "RingHash",   "Maglev"};
  return kNames.at(static_cast<std::size_t>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Every, BalancerTest,
                         testing::Values(BalancerType::P2cEwma, BalancerType::RoundRobin,
                                         BalancerType::LeastConnections, BalancerType::Random,
                                         BalancerType::RingHash, BalancerType::Maglev),
                         nameOf);

TEST_P(BalancerTest, PicksNothingFromAnEmptySet) {
  Endpoints none = endpoints(0);
  EXPECT_EQ(none.pick(), nullptr);
  EXPECT_EQ(makeBalancer(settingsOf(GetParam()))
                ->pick({.now = none.now, .random = none.random, .tried = {}}),
            nullptr)
      << "before it was given a set";
}

TEST_P(BalancerTest, PicksTheOnlyOne) {
  Endpoints one = endpoints(1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(one.pickNumber(), 0);
  }
}

TEST_P(BalancerTest, PicksEachOfEqualEndpoints) {
  Endpoints many = endpoints(7);
  std::set<int> seen;
  for (int i = 0; i < 500; ++i) {
    seen.insert(many.pickNumber());
  }
  EXPECT_EQ(seen.size(), 7U);
}

TEST_P(BalancerTest, NeverPicksADeadEndpointWhileAnotherLives) {
  Endpoints many = endpoints(10);
  for (std::size_t i = 0; i < 10; ++i) {
    if (i != 6) {
      many.die(i, seconds(60));
    }
  }
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(many.pickNumber(), 6);
    many.now += std::chrono::milliseconds(50);
  }
}

TEST_P(BalancerTest, PicksAnEndpointAgainOnceItsBackoffHasPassed) {
  Endpoints two = endpoints(2);
  two.die(1, seconds(5));
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(two.pickNumber(), 0);
  }
  two.now += seconds(5);
  EXPECT_GT(two.countPicks(100).at(1), 10);
}

TEST_P(BalancerTest, DoesNotPickAnEndpointWhoseBackoffWasExtendedMeanwhile) {
  Endpoints two = endpoints(2);
  two.die(1, seconds(5));
  ASSERT_EQ(two.countPicks(100).at(1), 0);
  two.now += seconds(4);
  two.die(1, seconds(20));
  two.now += seconds(4);
  EXPECT_EQ(two.countPicks(100).at(1), 0);
}

TEST_P(BalancerTest, PicksAnEndpointThatIsBackBeforeItsTime) {
  Endpoints two = endpoints(2);
  two.die(1, seconds(5));
  ASSERT_EQ(two.countPicks(100).at(1), 0);
  two.at(1).unavailableUntil = {};
  two.balancer().loadChanged(two.at(1));
  EXPECT_GT(two.countPicks(100).at(1), 10);
}

TEST_P(BalancerTest, LeavesOutWhatWasTriedAndTakesItTheNextTime) {
  Endpoints three = endpoints(3);
  for (int i = 0; i < 100; ++i) {
    EndpointState* first = three.pick();
    EndpointState* second = three.pick({first});
    EndpointState* third = three.pick({first, second});
    ASSERT_EQ((std::set<EndpointState*>{first, second, third, nullptr}).size(), 4U);
    ASSERT_EQ(three.pick({first, second, third}), nullptr) << "every one was tried";
  }
}

TEST_P(BalancerTest, PicksADeadEndpointBeforeATriedOne) {
  Endpoints two = endpoints(2);
  two.die(1, seconds(60));
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(two.pickNumber({&two.at(0)}), 1);
    ASSERT_EQ(two.pickNumber(), 0);
  }
}

TEST_P(BalancerTest, PicksAnyUntriedOneWhenAllAreDead) {
  Endpoints many = endpoints(5);
  for (std::size_t i = 0; i < 5; ++i) {
    many.die(i, seconds(60));
  }
  std::set<int> seen;
  for (int i = 0; i < 500; ++i) {
    const int number = many.pickNumber({&many.at(0), &many.at(3)});
    ASSERT_TRUE(number == 1 || number == 2 || number == 4) << number;
    seen.insert(number);
  }
  EXPECT_EQ(seen.size(), 3U) << "spread over those that are left";
}

TEST_P(BalancerTest, PicksMembersOfTheNewSetOnly) {
  Endpoints many = endpoints(6);
  many.die(1, seconds(60));
  static_cast<void>(many.countPicks(50));
  many.keep({5, 1, 2});
  std::set<int> seen;
  for (int i = 0; i < 200; ++i) {
    seen.insert(many.pickNumber());
  }
  EXPECT_EQ(seen, (std::set<int>{2, 5})) << "and what was known to be dead still is";
}

TEST_P(BalancerTest, IgnoresTheLoadOfAnEndpointThatHasLeft) {
  Endpoints many = endpoints(3);
  static_cast<void>(many.countPicks(10));
  many.changeLoad(many.at(2), 1);
  many.keep({0, 1});
  many.changeLoad(many.at(2), -1);
  EXPECT_EQ(many.countPicks(50).at(2), 0);
  many.keep({});
  EXPECT_EQ(many.pick(), nullptr);
  many.changeLoad(many.at(0), 1);
}

TEST_P(BalancerTest, IgnoresATriedEndpointThatIsNoMember) {
  Endpoints many = endpoints(3);
  many.keep({0, 1});
  for (int i = 0; i < 20; ++i) {
    ASSERT_NE(many.pick({&many.at(2)}), nullptr);
  }
}

TEST_P(BalancerTest, SpreadsBurstsOfOpenConnections) {
  Endpoints many = endpoints(10);
  for (int i = 0; i < 1000; ++i) {
    many.changeLoad(*many.pick(), 1);
  }
  for (std::size_t i = 0; i < many.size(); ++i) {
    EXPECT_NEAR(many.at(i).loadNow, 100, 45) << i;
  }
}

TEST_P(BalancerTest, AllocatesNothingWhilePicking) {
  if (!test::kAllocationsCounted) {
    GTEST_SKIP() << "allocations are not counted under ThreadSanitizer";
  }
  Endpoints many = endpoints(100);
  for (std::size_t i = 0; i < 50; ++i) {
    many.die(i, std::chrono::milliseconds(i));
  }
  static_cast<void>(many.pick());
  const std::array<EndpointState*, 2> tried = {&many.at(60), &many.at(3)};
  const std::uint64_t before = test::allocationCount();
  ASSERT_GT(before, 0U) << "the counter counts";
  for (int i = 0; i < 1000; ++i) {
    EndpointState* endpoint =
        many.balancer().pick({.now = many.now, .random = many.random, .tried = tried});
    many.changeLoad(*endpoint, 1);
    many.now += std::chrono::microseconds(100);
  }
  EXPECT_EQ(test::allocationCount(), before);
}

/// Nanoseconds for each pick, the best of several rounds.
double pickCostNs(Endpoints& endpoints) {
  double best = 1e9;
  for (int round = 0; round < 20; ++round) {
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 500; ++i) {
      EndpointState* endpoint = endpoints.pick();
      endpoints.changeLoad(*endpoint, 1);
      endpoints.changeLoad(*endpoint, -1);
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    best = std::min(best, took.count() / 500);
  }
  return best;
}

TEST_P(BalancerTest, StaysCheapWithTenThousandEndpoints) {
  Endpoints few = endpoints(10);
  Endpoints many = endpoints(10'000);
  static_cast<void>(many.pick());
  const double fewNs = pickCostNs(few);
  const double manyNs = pickCostNs(many);
  // A scan would be hundreds of times as slow.
  EXPECT_LT(manyNs, 20 * fewNs + 2000) << "with ten: " << fewNs;
  RecordProperty("fewNs", static_cast<int>(fewNs));
  RecordProperty("manyNs", static_cast<int>(manyNs));
}

TEST_P(BalancerTest, StaysCheapWhenMostOfTenThousandAreDead) {
  Endpoints few = endpoints(10);
  Endpoints many = endpoints(10'000);
  for (std::size_t i = 0; i < 9'990; ++i) {
    many.die(i, seconds(60));
  }
  static_cast<void>(many.pick());
  EXPECT_LT(pickCostNs(many), 20 * pickCostNs(few) + 2000);
}

TEST_P(BalancerTest, StaysCheapWhenAllOfTenThousandAreDead) {
  Endpoints few = endpoints(10);
  Endpoints many = endpoints(10'000);
  for (std::size_t i = 0; i < many.size(); ++i) {
    many.die(i, seconds(60));
  }
  static_cast<void>(many.pick());
  EXPECT_LT(pickCostNs(many), 20 * pickCostNs(few) + 2000);
}

}  // namespace
}  // namespace weft::upstream
