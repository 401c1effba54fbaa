// Many clients and an endpoint that do whatever comes to mind, over all transports: no response for
// the wrong request, nothing twice, nothing left.
#include "support/http_traffic.h"

#include <gtest/gtest.h>

#include "session_fixture.h"
#include "support/sanitizers.h"
#include "support/traffic.h"

namespace weft::test {
namespace {

/// Sanitizers make it slow; the fuzzer of sessions looks for the rest of what they find.
constexpr std::uint64_t kSeeds = kSanitizer ? 15 : 60;

class HttpTrafficTest : public testing::TestWithParam<Wiring> {
 protected:
  static std::size_t run(std::uint64_t seed, bool breaks, bool routed = false) {
    RandomChoices choices(seed, 400);
    MemoryProxyOptions options = chooseWorld(choices, GetParam());
    MemoryProxy world(options);
    HttpTrafficOptions wanted{.clientCount = 1 + choices.below(3),
                              .breaks = breaks,
                              .detects = !breaks && choices.oneIn(2),
                              .routed = routed};
    if (isNarrow(options)) {
      wanted.bodyBytesMax = 500;
    }
    HttpTraffic traffic(world, choices, wanted);
    traffic.run();
    traffic.finish();
    EXPECT_EQ(traffic.problem(), "") << "seed " << seed;
    return traffic.servedCount();
  }
};

TEST_P(HttpTrafficTest, KeepsRequestsAndResponsesTogether) {
  std::size_t served = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    served += run(seed, false);
  }
  EXPECT_GT(served, 5 * kSeeds) << "most of it has to work";
}

TEST_P(HttpTrafficTest, TriesAgainWithoutDoublingOrCuttingAnything) {
  std::size_t served = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    served += run(2000 + seed, false, true);
    run(3000 + seed, true, true);
  }
  EXPECT_GT(served, 5 * kSeeds) << "most of it has to work";
}

TEST_P(HttpTrafficTest, PassesNothingOnThatIsBroken) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    run(1000 + seed, true);
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, HttpTrafficTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
