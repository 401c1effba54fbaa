// Scenario: what a seed decides before anything happens: how many workers, which settings, how the
// network is, what kind of story it is. The rest is decided as it goes, by the same seed.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/random.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "support/memory_proxy.h"

namespace weft::simulation {

/// What must be true depends on the story.
enum class Story : std::uint8_t {
  Calm,        ///< Every endpoint is well: nobody may fail.
  OneRefuses,  ///< One endpoint refuses all the time: it costs retries, and few of them.
  OneSilent,   ///< One endpoint does not answer connects, and health checks find out.
  Storm,       ///< Anything, with reloads.
};

[[nodiscard]] const char* nameOf(Story story);

struct Scenario {
  explicit Scenario(std::uint64_t seed);

  [[nodiscard]] bool calm() const noexcept { return story == Story::Calm; }

  /// Others than those that fail must not be noticed.
  [[nodiscard]] bool nobodyFails() const noexcept { return story != Story::Storm; }

  base::Random random;
  Story story;
  test::MemoryProxyOptions world;
  std::uint32_t endpointCount;
  std::uint32_t clientCount;
  base::Duration arrivalGapMax;
  std::uint32_t bytesMax;
  bool greetsFirst;  ///< Endpoints speak as soon as they have accepted.
  snapshot::Protocol protocol;
};

/// The network and the workers.
[[nodiscard]] test::MemoryProxyOptions drawWorld(base::Random& random);

/// Settings of a cluster, drawn at the beginning and by reloads.
void drawBalancer(base::Random& random, snapshot::Cluster& cluster);
void drawEjection(base::Random& random, snapshot::Cluster& cluster);
void drawHealthCheck(base::Random& random, snapshot::Cluster& cluster);
void drawLimits(base::Random& random, snapshot::Cluster& cluster);

/// All of them, as the story needs them.
void drawCluster(Scenario& scenario, snapshot::Cluster& cluster);

}  // namespace weft::simulation
