// Zone preference: connections stay in the own zone while enough of it is usable, and leave in
// proportion when it is not.
#include "upstream/zone_balancer.h"

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "endpoints.h"

namespace weft::upstream {
namespace {

using snapshot::BalancerType;
using std::chrono::seconds;

constexpr std::size_t kNear = 10;
constexpr std::size_t kFar = 20;
constexpr int kPicks = 10'000;

class ZoneBalancerTest : public testing::TestWithParam<BalancerType> {
 protected:
  [[nodiscard]] static Endpoints zones(std::size_t nearCount = kNear, std::size_t farCount = kFar,
                                       std::uint32_t usableCountMin = 1) {
    return {settingsOf(GetParam()), std::vector<std::uint32_t>(nearCount + farCount, 1),
            snapshot::ZonePreference{.usableSharePercentMin = 70, .usableCountMin = usableCountMin},
            nearCount};
  }

  static void killNear(Endpoints& endpoints, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      endpoints.die(i, seconds(60));
    }
    // Picks find out what is dead.
    static_cast<void>(endpoints.countPicks(2000));
  }

  /// The part of the picks that stays near.
  static double stays(Endpoints& endpoints) {
    const std::vector<int> counts = endpoints.countPicks(kPicks);
    int here = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      here += endpoints.at(i).ownZone ? counts[i] : 0;
    }
    return static_cast<double>(here) / kPicks;
  }
};

std::string nameOf(const testing::TestParamInfo<BalancerType>& info) {
  constexpr std::array<const char*, 6> kNames = {"P2cEwma", "RoundRobin", "LeastConnections",
                                                 "Random",  "RingHash",   "Maglev"};
  return kNames.at(static_cast<std::size_t>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Every, ZoneBalancerTest,
                         testing::Values(BalancerType::P2cEwma, BalancerType::RoundRobin,
                                         BalancerType::LeastConnections, BalancerType::Random,
                                         BalancerType::RingHash, BalancerType::Maglev),
                         nameOf);

TEST_P(ZoneBalancerTest, StaysInTheOwnZoneAndUsesAllOfIt) {
  Endpoints endpoints = zones();
  const std::vector<int> counts = endpoints.countPicks(kPicks);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ(counts[i] > 0, i < kNear) << i;
  }
}

TEST_P(ZoneBalancerTest, StaysWhileTheUsableShareIsLargeEnough) {
  Endpoints endpoints = zones();
  killNear(endpoints, 3);
  EXPECT_EQ(stays(endpoints), 1.0);
}

TEST_P(ZoneBalancerTest, SpillsThePartThatIsMissing) {
  Endpoints endpoints = zones();
  killNear(endpoints, 5);
  EXPECT_NEAR(stays(endpoints), 50.0 / 70, 0.02);
  const std::vector<int> counts = endpoints.countPicks(kPicks);
  for (std::size_t i = kNear; i < counts.size(); ++i) {
    EXPECT_GT(counts[i], 50) << "the others share it: " << i;
  }
}

TEST_P(ZoneBalancerTest, SpillsAsSoonAsAConnectHasFailed) {
  Endpoints endpoints = zones(2, 4, 2);
  static_cast<void>(endpoints.pick());
  endpoints.changeLoad(endpoints.at(0), 1);
  endpoints.die(0, seconds(60));
  endpoints.changeLoad(endpoints.at(0), -1);
  EXPECT_FALSE(endpoints.pick()->ownZone) << "no pick had to meet it";
}

TEST_P(ZoneBalancerTest, LeavesAZoneInWhichNothingIsUsableAndComesBack) {
  Endpoints endpoints = zones();
  killNear(endpoints, kNear);
  EXPECT_EQ(stays(endpoints), 0.0);
  endpoints.now += seconds(60);
  EXPECT_EQ(stays(endpoints), 1.0);
}

TEST_P(ZoneBalancerTest, LeavesAZoneWithFewerUsableEndpointsThanWanted) {
  Endpoints endpoints = zones(3, 9, 3);
  EXPECT_EQ(stays(endpoints), 1.0);
  killNear(endpoints, 1);
  EXPECT_EQ(stays(endpoints), 0.0);
}

TEST_P(ZoneBalancerTest, StaysWhenOtherZonesAreDead) {
  Endpoints endpoints = zones();
  for (std::size_t i = kNear; i < kNear + kFar; ++i) {
    endpoints.die(i, seconds(60));
  }
  killNear(endpoints, 8);
  const std::vector<int> counts = endpoints.countPicks(1000);
  EXPECT_EQ(counts[8] + counts[9], 1000);
}

TEST_P(ZoneBalancerTest, WorksWhereOneSideIsEmpty) {
  Endpoints near = zones(5, 0);
  EXPECT_EQ(stays(near), 1.0);
  Endpoints far = zones(0, 5);
  EXPECT_EQ(stays(far), 0.0);
  Endpoints none = zones(0, 0);
  EXPECT_EQ(none.pick(), nullptr);
}

TEST_P(ZoneBalancerTest, TriesTheOtherZoneWhenAllOfTheOwnWasTried) {
  Endpoints endpoints = zones(2, 2);
  EndpointState* third = endpoints.pick({&endpoints.at(0), &endpoints.at(1)});
  ASSERT_NE(third, nullptr);
  EXPECT_FALSE(third->ownZone);
}

TEST_P(ZoneBalancerTest, PicksOneThatIsNotAvailableWhenAllAreDead) {
  Endpoints endpoints = zones(2, 2);
  for (std::size_t i = 0; i < 4; ++i) {
    endpoints.die(i, seconds(60));
  }
  for (int i = 0; i < 20; ++i) {
    ASSERT_NE(endpoints.pick(), nullptr);
  }
}

TEST_P(ZoneBalancerTest, FollowsAnEndpointThatMovesToAnotherZone) {
  Endpoints endpoints = zones(2, 2);
  static_cast<void>(endpoints.pick());
  endpoints.at(0).ownZone = false;
  endpoints.at(3).ownZone = true;
  endpoints.keep({0, 1, 2, 3});
  endpoints.changeLoad(endpoints.at(0), 1);
  const std::vector<int> counts = endpoints.countPicks(1000);
  EXPECT_EQ(counts[1] + counts[3], 1000);
}

TEST(ZoneBalancerKeysTest, SpillAKeyTheSameWayEachTime) {
  for (const BalancerType type : {BalancerType::RingHash, BalancerType::Maglev}) {
    Endpoints endpoints(settingsOf(type), std::vector<std::uint32_t>(30, 1),
                        snapshot::ZonePreference{.usableSharePercentMin = 100, .usableCountMin = 1},
                        10);
    for (std::size_t i = 0; i < 5; ++i) {
      endpoints.die(i, seconds(60));
    }
    static_cast<void>(endpoints.countPicks(2000));
    int far = 0;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const EndpointState* endpoint = endpoints.pick({}, base::mixed(i));
      ASSERT_EQ(endpoints.pick({}, base::mixed(i)), endpoint);
      far += endpoint->ownZone ? 0 : 1;
    }
    EXPECT_NEAR(far, 500, 60);
  }
}

}  // namespace
}  // namespace weft::upstream
