// The source address of a connection is the key of its endpoint.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/memory_proxy.h"

namespace weft::test {
namespace {

using snapshot::BalancerType;

class SourceKeyTest : public testing::TestWithParam<BalancerType> {
 protected:
  SourceKeyTest() {
    for (std::uint32_t i = 2; i <= 6; ++i) {
      world.addEndpoint(i, addressOf("10.0.1." + std::to_string(i) + ":90"));
    }
    world.config.cluster(1).balancer.type = GetParam();
    world.publish();
  }

  /// How many connections each endpoint has.
  [[nodiscard]] std::vector<std::size_t> counts() {
    std::vector<std::size_t> result;
    for (const auto& endpoint : world.around().endpoints()) {
      result.push_back(endpoint->count());
    }
    return result;
  }

  MemoryProxy world;
};

INSTANTIATE_TEST_SUITE_P(Both, SourceKeyTest,
                         testing::Values(BalancerType::RingHash, BalancerType::Maglev));

TEST_P(SourceKeyTest, KeepsTheConnectionsOfAHostTogether) {
  for (int i = 0; i < 30; ++i) {
    world.connect();
    world.settle();
  }
  const std::vector<std::size_t> each = counts();
  EXPECT_EQ(std::ranges::count(each, 30U), 1);
  EXPECT_EQ(std::ranges::count(each, 0U), 5);
}

}  // namespace
}  // namespace weft::test
