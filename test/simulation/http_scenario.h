// HttpScenario: what a seed decides of a simulation of requests before anything happens.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "scenario.h"
#include "snapshot/cluster.h"
#include "snapshot/route.h"
#include "support/memory_proxy.h"

namespace weft::simulation {

/// What must be true depends on the story.
enum class HttpStory : std::uint8_t {
  Calm,          ///< Every endpoint is well: each request gets its answer.
  OneErrs,       ///< One endpoint answers with errors only, and is ejected.
  OneErrsOften,  ///< One endpoint mostly does, and its success rate ejects it.
  AllErr,        ///< All do so now and then, or always: the budget of retries holds.
  Storm,         ///< Anything, with reloads.
};

[[nodiscard]] const char* nameOf(HttpStory story);

struct HttpScenario {
  /// Of the routes, by their places.
  static constexpr std::uint32_t kRetriedRoute = 1;
  static constexpr std::uint32_t kUnsafeRoute = 2;  ///< The same, for what must not go twice.
  static constexpr std::uint32_t kPlainRoute = 3;
  static constexpr std::uint32_t kRouteCount = 3;

  explicit HttpScenario(std::uint64_t seed);

  /// Endpoints do what they do with responses, and nothing else.
  [[nodiscard]] bool answersOnly() const noexcept { return story != HttpStory::Storm; }

  base::Random random;
  HttpStory story;
  test::MemoryProxyOptions world;
  std::uint32_t endpointCount;
  base::Duration arrivalGapMax;
  std::uint32_t bytesMax;
  base::Duration attemptTimeout;  ///< The maximum: none.
};

void drawRequestBalancer(base::Random& random, snapshot::Cluster& cluster);
void drawRequestEjection(base::Random& random, snapshot::Cluster& cluster);

/// All settings, as the story needs them.
void drawHttpCluster(HttpScenario& scenario, snapshot::Cluster& cluster);

[[nodiscard]] std::vector<snapshot::HttpRule> rulesOf(const HttpScenario& scenario);

}  // namespace weft::simulation
