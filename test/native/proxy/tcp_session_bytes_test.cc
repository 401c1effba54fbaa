// Bytes through sessions over every kind of transport: exact both ways in any split, at any speed,
// with any buffers, and counted exactly.
#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "support/sanitizers.h"
#include "support/traffic.h"

namespace weft::test {
namespace {

/// Sanitizers make it slow; the fuzzer of sessions looks for the rest of what they find.
constexpr std::uint64_t kSeeds = kSanitizer ? 6 : 25;

class TcpSessionBytesTest : public testing::TestWithParam<Wiring> {
 protected:
  /// One run with its own world; the seed is in the message of a failure.
  static void tryOnce(std::uint64_t seed, TrafficOptions wanted) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomChoices choices(seed, 150);
    MemoryProxyOptions options = chooseWorld(choices, GetParam());
    giveRoom(options, wanted);
    MemoryProxy world(options);
    wanted.connectionCount = 1 + choices.below(3);
    // Single bytes take their time.
    wanted.bytesMax = isNarrow(options) ? std::size_t{5000} : std::size_t{400'000};
    Traffic traffic(world, choices, wanted);
    traffic.run();
    traffic.finish();
    EXPECT_EQ(traffic.problem(), "");
    EXPECT_EQ(traffic.counterProblem(), "");
  }
};

TEST_P(TcpSessionBytesTest, AreExactBothWaysWhateverTheSplits) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    tryOnce(seed, {});
  }
}

TEST_P(TcpSessionBytesTest, AreAPrefixAndNeverEndInOrderAfterAReset) {
  for (std::uint64_t seed = 1001; seed <= 1000 + kSeeds && !HasFailure(); ++seed) {
    tryOnce(seed, {.resets = true});
  }
}

TEST_P(TcpSessionBytesTest, AreExactThroughDetection) {
  for (std::uint64_t seed = 2001; seed <= 2000 + kSeeds && !HasFailure(); ++seed) {
    tryOnce(seed, {.detects = true});
  }
}

TEST_P(TcpSessionBytesTest, AreExactBehindHeadersAndThroughRoutes) {
  constexpr std::optional<snapshot::ProxyVersion> kHeaders[] = {
      snapshot::ProxyVersion::V1, snapshot::ProxyVersion::V2, std::nullopt};
  for (std::uint64_t seed = 4001; seed <= 4000 + kSeeds && !HasFailure(); ++seed) {
    tryOnce(seed, {.resets = seed % 4 == 0,
                   .detects = seed % 2 == 0,
                   .routes = seed % 3 == 0,
                   .headerFrom = kHeaders[seed % 3],
                   .headerTo = kHeaders[seed / 3 % 3]});
  }
}

TEST_P(TcpSessionBytesTest, AreAPrefixAfterAResetDuringDetection) {
  for (std::uint64_t seed = 3001; seed <= 3000 + kSeeds && !HasFailure(); ++seed) {
    tryOnce(seed, {.resets = true, .detects = true});
  }
}

INSTANTIATE_TEST_SUITE_P(
    Transports, TcpSessionBytesTest,
    testing::Values(Wiring{}, Wiring{TransportKind::Ahead, TransportKind::Ahead},
                    Wiring{TransportKind::RecordAtATime, TransportKind::RecordAtATime},
                    Wiring{TransportKind::Plain, TransportKind::RecordAtATime},
                    Wiring{TransportKind::Ahead, TransportKind::Plain},
                    Wiring{TransportKind::RecordAtATime, TransportKind::Ahead}),
    [](const testing::TestParamInfo<Wiring>& wiring) { return nameOf(wiring.param); });

}  // namespace
}  // namespace weft::test
