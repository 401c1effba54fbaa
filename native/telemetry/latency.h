// The buckets of response_latency_ms, which are those of linkerd2-proxy; lib/contract/metrics.ts
// has the same list.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace weft::telemetry {

/// Upper bounds, each included; one more bucket is for all above.
inline constexpr std::array<std::uint32_t, 25> kLatencyBoundsMs = {
    1,   2,   3,    4,    5,    10,   20,   30,    40,    50,    100,   200,  300,
    400, 500, 1000, 2000, 3000, 4000, 5000, 10000, 20000, 30000, 40000, 50000};

inline constexpr std::size_t kLatencyBucketCount = kLatencyBoundsMs.size() + 1;

/// The bucket of so many microseconds.
[[nodiscard]] constexpr std::size_t latencyBucketOf(std::uint64_t us) noexcept {
  const auto* const found = std::ranges::find_if(
      kLatencyBoundsMs, [us](std::uint64_t boundMs) { return us <= boundMs * 1000; });
  return static_cast<std::size_t>(found - kLatencyBoundsMs.begin());
}

}  // namespace weft::telemetry
