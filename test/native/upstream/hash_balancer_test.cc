// Ring hash and Maglev as balancers: one endpoint for a key, another one only while it is dead or
// has more than its share.
#include "upstream/hash_balancer.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "endpoints.h"

namespace weft::upstream {
namespace {

using snapshot::BalancerType;
using Weights = std::vector<std::uint32_t>;

class HashBalancerTest : public testing::TestWithParam<BalancerType> {
 protected:
  [[nodiscard]] static snapshot::Balancer settings(
      std::optional<std::uint32_t> loadBoundPercent = {}) {
    snapshot::Balancer made = settingsOf(GetParam());
    made.loadBoundPercent = loadBoundPercent;
    return made;
  }

  static std::uint64_t keyOf(std::uint64_t number) { return base::mixed(number + 1); }

  static std::uint32_t ownerOf(Endpoints& endpoints, std::uint64_t number) {
    return endpoints.pick({}, keyOf(number))->id.number;
  }
};

std::string nameOf(const testing::TestParamInfo<BalancerType>& info) {
  return info.param == BalancerType::Maglev ? "Maglev" : "Ring";
}

INSTANTIATE_TEST_SUITE_P(Both, HashBalancerTest,
                         testing::Values(BalancerType::RingHash, BalancerType::Maglev), nameOf);

TEST_P(HashBalancerTest, GivesAKeyTheSameEndpointEachTimeAndInEachWorker) {
  Endpoints one(settings(), Weights(20, 1));
  Endpoints other(settings(), Weights(20, 1));
  other.random = base::Random(99);
  std::set<std::uint32_t> seen;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const std::uint32_t owner = ownerOf(one, i);
    one.changeLoad(one.at(owner), 1);
    ASSERT_EQ(ownerOf(one, i), owner);
    ASSERT_EQ(ownerOf(other, i), owner);
    seen.insert(owner);
  }
  EXPECT_EQ(seen.size(), 20U);
}

TEST_P(HashBalancerTest, MovesOnlyTheKeysOfADeadEndpointAndGivesThemBack) {
  Endpoints endpoints(settings(), Weights(10, 1));
  std::vector<std::uint32_t> before;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    before.push_back(ownerOf(endpoints, i));
  }
  endpoints.die(3, std::chrono::seconds(5));
  std::set<std::uint32_t> heirs;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint32_t owner = ownerOf(endpoints, i);
    ASSERT_NE(owner, 3U);
    if (before[i] == 3) {
      heirs.insert(owner);
    } else {
      ASSERT_EQ(owner, before[i]);
    }
  }
  EXPECT_GT(heirs.size(), 4U) << "its keys are spread over the others";
  endpoints.now += std::chrono::seconds(5);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(ownerOf(endpoints, i), before[i]);
  }
}

TEST_P(HashBalancerTest, GoesOnToTheSameNextOneForATriedEndpoint) {
  Endpoints endpoints(settings(), Weights(10, 1));
  for (std::uint64_t i = 0; i < 100; ++i) {
    EndpointState* first = endpoints.pick({}, keyOf(i));
    EndpointState* second = endpoints.pick({first}, keyOf(i));
    ASSERT_NE(first, second);
    ASSERT_EQ(endpoints.pick({first}, keyOf(i)), second);
    ASSERT_EQ(endpoints.pick({}, keyOf(i)), first);
  }
}

TEST_P(HashBalancerTest, SpreadsConnectionsWithoutAKey) {
  Endpoints endpoints(settings(), Weights(10, 1));
  for (const int count : endpoints.countPicks(10'000)) {
    EXPECT_NEAR(count, 1000, 500);
  }
}

TEST_P(HashBalancerTest, WithoutABoundGivesOneKeyAllItsConnections) {
  Endpoints endpoints(settings(), Weights(10, 1));
  const std::uint32_t owner = ownerOf(endpoints, 1);
  for (int i = 0; i < 1000; ++i) {
    EndpointState* endpoint = endpoints.pick({}, keyOf(1));
    ASSERT_EQ(endpoint->id.number, owner);
    endpoints.changeLoad(*endpoint, 1);
  }
}

TEST_P(HashBalancerTest, NeverExceedsTheBoundEvenForOneKey) {
  for (const std::uint32_t percent : {100U, 125U, 200U}) {
    const Weights weights = {1, 1, 2, 4, 1, 1, 2, 4, 1, 3};
    Endpoints endpoints(settings(percent), weights);
    for (int open = 1; open <= 2000; ++open) {
      EndpointState* endpoint = endpoints.pick({}, keyOf(1));
      endpoints.changeLoad(*endpoint, 1);
      const double share = endpoint->weight / 20.0;
      ASSERT_LE(endpoint->loadNow, std::ceil(percent / 100.0 * open * share - 1e-9))
          << percent << " with " << open;
    }
  }
}

TEST_P(HashBalancerTest, KeepsAKeyAtItsEndpointBelowTheBound) {
  Endpoints endpoints(settings(125), Weights(10, 1));
  Endpoints unbound(settings(), Weights(10, 1));
  // Ten for each: what all have leaves each room for two more.
  for (std::size_t i = 0; i < 10; ++i) {
    endpoints.changeLoad(endpoints.at(i), 10);
  }
  for (std::uint64_t i = 0; i < 300; ++i) {
    ASSERT_EQ(ownerOf(endpoints, i), ownerOf(unbound, i));
  }
}

TEST_P(HashBalancerTest, SharesTheBoundAmongThoseThatLive) {
  Endpoints endpoints(settings(125), Weights(4, 1));
  static_cast<void>(endpoints.pick());
  endpoints.changeLoad(endpoints.at(0), 401);
  endpoints.die(0, std::chrono::hours(1));
  endpoints.changeLoad(endpoints.at(0), -1);
  for (int open = 1; open <= 300; ++open) {
    EndpointState* endpoint = endpoints.pick({}, keyOf(1));
    ASSERT_NE(endpoint->id.number, 0U);
    endpoints.changeLoad(*endpoint, 1);
  }
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_LE(endpoints.at(i).loadNow, 126U) << "the dead one's 400 raise no average";
  }
}

TEST_P(HashBalancerTest, FindsTheOneThatHasRoomAmongThousandsThatHaveNone) {
  Endpoints endpoints(settings(100), Weights(3000, 1));
  for (std::size_t i = 0; i < 3000; ++i) {
    endpoints.changeLoad(endpoints.at(i), i == 1234 ? 1 : 3);
  }
  for (std::uint64_t i = 0; i < 50; ++i) {
    ASSERT_EQ(ownerOf(endpoints, i), 1234U);
  }
}

TEST_P(HashBalancerTest, FindsTheLivingOneAmongThousandsOfDead) {
  Endpoints endpoints(settings(125), Weights(3000, 1));
  for (std::size_t i = 0; i < 3000; ++i) {
    if (i != 77 && i != 2000) {
      endpoints.die(i, std::chrono::hours(1));
    }
  }
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::uint32_t owner = ownerOf(endpoints, i);
    ASSERT_TRUE(owner == 77 || owner == 2000) << owner;
  }
}

TEST_P(HashBalancerTest, TakesOneWithoutRoomWhenThoseWithRoomWereTried) {
  Endpoints endpoints(settings(100), Weights(3, 1));
  endpoints.changeLoad(endpoints.at(0), 5);
  endpoints.changeLoad(endpoints.at(1), 5);
  EXPECT_EQ(endpoints.pickNumber(), 2);
  const int number = endpoints.pickNumber({&endpoints.at(2)});
  EXPECT_TRUE(number == 0 || number == 1) << number;
}

TEST_P(HashBalancerTest, WorksWithoutATable) {
  const std::unique_ptr<Balancer> balancer = makeHashBalancer(settings());
  Endpoints endpoints(settings(), Weights(3, 1));
  const std::vector<EndpointState*> members = {&endpoints.at(0), &endpoints.at(1)};
  balancer->setMembers({.endpoints = members});
  std::set<EndpointState*> seen;
  for (std::uint64_t i = 0; i < 50; ++i) {
    seen.insert(balancer->pick(
        {.now = endpoints.now, .random = endpoints.random, .tried = {}, .key = keyOf(i)}));
  }
  EXPECT_EQ(seen, (std::set<EndpointState*>{members[0], members[1]}));
}

}  // namespace
}  // namespace weft::upstream
