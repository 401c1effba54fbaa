#include "scenario.h"

#include <chrono>
#include <iterator>
#include <optional>

namespace weft::simulation {

namespace {

using snapshot::BalancerType;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kBufferBytes[] = {1000, 5000, 20'000, 65'536, 262'144};
constexpr std::size_t kScratchBytes[] = {4096, 16'384, 65'536};

template <typename T, std::size_t Size>
T oneOf(base::Random& random, const T (&values)[Size]) {
  return values[random.below(Size)];
}

bool oneIn(base::Random& random, std::uint32_t count) {
  return random.below(count) == 0;
}

Story drawStory(base::Random& random) {
  constexpr Story kStories[] = {Story::Calm,  Story::OneRefuses, Story::OneSilent,
                                Story::Storm, Story::Storm,      Story::Storm};
  return oneOf(random, kStories);
}

}  // namespace

const char* nameOf(Story story) {
  constexpr const char* kNames[] = {"calm", "one refuses", "one silent", "storm"};
  return kNames[static_cast<std::size_t>(story)];
}

test::MemoryProxyOptions drawWorld(base::Random& random) {
  test::MemoryProxyOptions options;
  options.proxy.scratchBytes = oneOf(random, kScratchBytes);
  options.proxy.cellCount = 16'384;
  options.proxy.runCount = 1024;
  options.proxy.seed = random.next();
  options.workerCount = 1 + random.below(3);
  options.network = {.seed = random.next(),
                     .sendBytes = oneOf(random, kBufferBytes),
                     .receiveBytes = oneOf(random, kBufferBytes),
                     .delay = oneIn(random, 2) ? milliseconds(random.below(20)) : base::Duration{},
                     .shredded = oneIn(random, 2),
                     .pieceBytes = 4096};
  return options;
}

Scenario::Scenario(std::uint64_t seed)
    : random(seed),
      story(drawStory(random)),
      world(drawWorld(random)),
      endpointCount(2 + random.below(story == Story::Storm ? 8 : 3)),
      clientCount(story == Story::Storm ? 20 + random.below(60) : 150),
      arrivalGapMax(story == Story::Storm ? milliseconds(20 + random.below(400))
                                          : milliseconds(20 + random.below(100))),
      bytesMax(story == Story::Storm ? 40'000 : 3000),
      greetsFirst(oneIn(random, 2)),
      protocol(oneIn(random, 2) ? snapshot::Protocol::Detect : snapshot::Protocol::Opaque) {}

void drawBalancer(base::Random& random, snapshot::Cluster& cluster) {
  constexpr BalancerType kTypes[] = {BalancerType::P2cEwma,          BalancerType::RoundRobin,
                                     BalancerType::LeastConnections, BalancerType::Random,
                                     BalancerType::RingHash,         BalancerType::Maglev};
  cluster.balancer.type = oneOf(random, kTypes);
  const bool hashes = snapshot::needsKey(cluster.balancer.type);
  cluster.balancer.slowStart.reset();
  cluster.balancer.loadBoundPercent.reset();
  if (hashes && !oneIn(random, 3)) {
    cluster.balancer.loadBoundPercent = 105 + random.below(100);
  }
  if (!hashes && oneIn(random, 3)) {
    cluster.balancer.slowStart = {.window = seconds(1 + random.below(10)), .minSharePercent = 10};
  }
}

void drawEjection(base::Random& random, snapshot::Cluster& cluster) {
  cluster.ejection = {.consecutiveFailures = 1 + random.below(3),
                      .earlyClose = {},
                      .consecutiveEarlyCloses = 1 + random.below(3),
                      .baseTime = milliseconds(20 + random.below(300)),
                      .maxTime = milliseconds(500 + random.below(2000)),
                      .sharePercentMax = 10 + random.below(91),
                      .panicPercent = oneIn(random, 2) ? random.below(60) : 0};
  if (oneIn(random, 3)) {
    cluster.ejection->earlyClose = milliseconds(100 + random.below(900));
  }
}

void drawHealthCheck(base::Random& random, snapshot::Cluster& cluster) {
  cluster.healthCheck = {.interval = milliseconds(100 + random.below(900)),
                         .timeout = milliseconds(50 + random.below(300)),
                         .consecutiveFailures = 1 + random.below(3),
                         .consecutiveSuccesses = 1 + random.below(2)};
}

void drawLimits(base::Random& random, snapshot::Cluster& cluster) {
  const auto draw = [&random](std::uint32_t most) {
    return oneIn(random, 2) ? std::optional<std::uint32_t>{}
                            : std::optional<std::uint32_t>{1 + random.below(most)};
  };
  cluster.connectionsMax = draw(20);
  cluster.pendingMax = draw(6);
  cluster.endpointConnectionsMax = draw(5);
}

void drawCluster(Scenario& scenario, snapshot::Cluster& cluster) {
  base::Random& random = scenario.random;
  drawBalancer(random, cluster);
  cluster.connectTimeout = milliseconds(200 + random.below(800));
  cluster.ejection.reset();
  switch (scenario.story) {
    case Story::Calm:
      drawHealthCheck(random, cluster);
      drawEjection(random, cluster);
      // Many come at once, and a busy network is no failure.
      cluster.connectTimeout = seconds(30);
      cluster.healthCheck->timeout = seconds(30);
      break;
    case Story::OneRefuses:
      drawEjection(random, cluster);
      cluster.ejection->sharePercentMax = 100;
      cluster.ejection->panicPercent = 0;
      cluster.connectTimeout = seconds(30);
      break;
    case Story::OneSilent:
      drawHealthCheck(random, cluster);
      cluster.healthCheck->timeout = seconds(1);
      cluster.connectTimeout = seconds(1);
      break;
    case Story::Storm:
      if (!oneIn(random, 4)) {
        drawEjection(random, cluster);
      }
      if (oneIn(random, 2)) {
        drawHealthCheck(random, cluster);
      }
      if (oneIn(random, 2)) {
        drawLimits(random, cluster);
      }
      if (oneIn(random, 2)) {
        cluster.failFastAfter = milliseconds(200 + random.below(2000));
      }
      break;
  }
}

}  // namespace weft::simulation
