#include "http_scenario.h"

#include <chrono>
#include <iterator>

#include "ledger.h"

namespace weft::simulation {

namespace {

using snapshot::BalancerType;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kCells = 131'072;
constexpr std::size_t kRuns = 2048;

HttpStory drawStory(base::Random& random) {
  constexpr HttpStory kStories[] = {HttpStory::Calm,   HttpStory::OneErrs, HttpStory::OneErrsOften,
                                    HttpStory::AllErr, HttpStory::Storm,   HttpStory::Storm};
  return kStories[random.below(std::size(kStories))];
}

test::MemoryProxyOptions drawHttpWorld(base::Random& random) {
  test::MemoryProxyOptions options = drawWorld(random);
  options.proxy.cellCount = kCells;
  options.proxy.runCount = kRuns;
  return options;
}

snapshot::HttpMatch matchOf(const char* prefix, const char* method) {
  return {.path = {.type = snapshot::PathMatchType::Prefix, .value = prefix}, .method = method};
}

}  // namespace

const char* nameOf(HttpStory story) {
  constexpr const char* kNames[] = {"calm requests", "one errs", "one errs often", "all err",
                                    "storm of requests"};
  return kNames[static_cast<std::size_t>(story)];
}

HttpScenario::HttpScenario(std::uint64_t seed)
    : random(seed),
      story(drawStory(random)),
      world(drawHttpWorld(random)),
      endpointCount(3 + random.below(story == HttpStory::Storm ? 5 : 3)),
      arrivalGapMax(milliseconds(story == HttpStory::Storm ? 100 + random.below(400) : 150)),
      bytesMax(story == HttpStory::Storm ? 8000 : 1500),
      attemptTimeout(story == HttpStory::Storm && random.below(2) == 0
                         ? base::Duration(milliseconds(250 + random.below(300)))
                         : base::Duration::max()) {}

void drawRequestBalancer(base::Random& random, snapshot::Cluster& cluster) {
  constexpr BalancerType kTypes[] = {BalancerType::P2cEwma, BalancerType::RoundRobin,
                                     BalancerType::LeastConnections, BalancerType::Random};
  cluster.balancer.type = kTypes[random.below(std::size(kTypes))];
}

void drawRequestEjection(base::Random& random, snapshot::Cluster& cluster) {
  cluster.ejection = {.consecutiveFailures = 1 + random.below(3),
                      .earlyClose = {},
                      .consecutiveEarlyCloses = 3,
                      .consecutiveServerErrors = 1 + random.below(5),
                      .baseTime = milliseconds(100 + random.below(900)),
                      .maxTime = seconds(2),
                      .sharePercentMax = 10 + random.below(91),
                      .panicPercent = random.below(2) == 0 ? random.below(60) : 0};
  if (random.below(2) == 0) {
    cluster.ejection->successPercentMin = 30 + random.below(60);
    cluster.ejection->successRequestsMin = 2 + random.below(10);
    cluster.ejection->successWindow = seconds(1);
  }
}

void drawHttpCluster(HttpScenario& scenario, snapshot::Cluster& cluster) {
  base::Random& random = scenario.random;
  drawRequestBalancer(random, cluster);
  cluster.connectTimeout = seconds(30);
  cluster.http.retrySharePercent = random.below(40);
  cluster.http.retriesPerSecondMin = random.below(3);
  cluster.http.idleTimeout = milliseconds(500 + random.below(3000));
  drawRequestEjection(random, cluster);
  snapshot::Ejection& ejection = *cluster.ejection;
  switch (scenario.story) {
    case HttpStory::Calm:
      break;
    case HttpStory::OneErrs:
      ejection.sharePercentMax = 50;
      ejection.panicPercent = 0;
      ejection.successPercentMin.reset();
      break;
    case HttpStory::OneErrsOften:
      ejection.sharePercentMax = 50;
      ejection.panicPercent = 0;
      ejection.consecutiveServerErrors.reset();
      ejection.successPercentMin = 70;
      ejection.successRequestsMin = 3;
      ejection.successWindow = seconds(1);
      break;
    case HttpStory::AllErr:
      cluster.ejection.reset();
      break;
    case HttpStory::Storm:
      cluster.connectTimeout = milliseconds(200 + random.below(800));
      if (random.below(4) == 0) {
        cluster.ejection.reset();
      }
      if (random.below(2) == 0) {
        drawHealthCheck(random, cluster);
        cluster.healthCheck->type = snapshot::HealthCheckType::Http;
        cluster.healthCheck->path = "/health";
      }
      break;
  }
}

std::vector<snapshot::HttpRule> rulesOf(const HttpScenario& scenario) {
  const bool timed = scenario.attemptTimeout != base::Duration::max();
  snapshot::HttpRule retried;
  retried.backendRefs.push_back({.clusterId = base::ClusterId{1}});
  retried.matches = {matchOf("/retried", "GET"), matchOf("/retried", "PUT")};
  retried.retry = snapshot::Retry{.attemptsMax = Ledger::kRetriesMax,
                                  .statuses = {Ledger::kRetryStatus},
                                  .onReset = true,
                                  .onTimeout = timed,
                                  .backoffMin = milliseconds(5),
                                  .backoffMax = milliseconds(40)};
  if (timed) {
    retried.timeouts.backendRequest = scenario.attemptTimeout;
  }
  snapshot::HttpRule unsafe = retried;
  unsafe.matches = {matchOf("/retried", "")};
  snapshot::HttpRule plain;
  plain.backendRefs = retried.backendRefs;
  plain.matches = {matchOf("/plain", "")};
  return {retried, unsafe, plain};
}

}  // namespace weft::simulation
