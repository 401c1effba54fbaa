#include "http_simulation.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "base/hash.h"

namespace weft::simulation {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kAskersMax = 60;
/// Where little else happens.
constexpr std::uint32_t kPeacefulAskersMax = 150;
/// More than it takes to reach every endpoint of every worker in turn.
constexpr std::uint32_t kRecoveryAskers = 40;
constexpr std::uint32_t kRecoveryRequests = 10;
/// Of one endpoint; so many say something about its success rate.
constexpr std::uint64_t kEnoughRequests = 60;
/// The first endpoint of the configuration.
constexpr std::uint32_t kFirst = 2;

base::Address addressAt(std::uint32_t number) {
  return base::Address::ipv4({10, 0, 3, static_cast<std::uint8_t>(number)}, 90);
}

}  // namespace

HttpSimulation::HttpSimulation(std::uint64_t seed, bool verbose)
    : HttpSimulation(HttpScenario(seed), verbose) {}

HttpSimulation::HttpSimulation(const HttpScenario& scenario, bool verbose)
    : Stage(scenario.world, verbose),
      scenario_(scenario),
      watch_(world_, scenario_.story == HttpStory::OneErrs ? kFirst : 0) {}

std::string HttpSimulation::run() {
  prepare();
  live(scenario_.random, scenario_.arrivalGapMax);
  checkStory();
  settleDown();
  recover();
  checkEnd();
  return problem();
}

// ---- the parts of a run ----

void HttpSimulation::prepare() {
  world_.config.listener(1).protocol = snapshot::Protocol::Http1;
  while (endpoints_.size() < scenario_.endpointCount) {
    addEndpoint();
  }
  drawHttpCluster(scenario_, world_.config.cluster(1));
  world_.config.setRoutes(1, rulesOf(scenario_));
  world_.config.next.drainTimeout = seconds(60);
  ledger_.setAttemptTimeout(scenario_.attemptTimeout);
  world_.publish();
  if (scenario_.story == HttpStory::OneErrs) {
    setMood(*endpoints_.front(), HttpMood::Errs);
  } else if (scenario_.story == HttpStory::OneErrsOften) {
    setMood(*endpoints_.front(), HttpMood::ErrsOften);
  }
}

/// Everybody is well again, and all that was asked comes to an end.
void HttpSimulation::settleDown() {
  for (const auto& endpoint : endpoints_) {
    setMood(*endpoint, HttpMood::Well);
  }
  for (const auto& asker : askers_) {
    asker->hurry();
  }
  awaitAll("clients");
  checkCounters();
}

/// Nothing is held against an endpoint that has been well for long, and each is asked again.
void HttpSimulation::recover() {
  if (wrong()) {
    return;
  }
  advance(kRecovery);
  if (!watch_.allUsable()) {
    fail("an endpoint is well again and still avoided");
  }
  if (watch_.loadNow() != 0) {
    fail(std::to_string(watch_.loadNow()) + " requests and connections count that are over");
  }
  snapshot::Cluster& cluster = world_.config.cluster(1);
  cluster.balancer.type = snapshot::BalancerType::RoundRobin;
  world_.publish();
  std::map<std::uint32_t, std::uint32_t> unasked;
  for (const auto& endpoint : cluster.endpoints) {
    unasked[endpoint.id.number] = endpoints_.at(endpoint.id.number - kFirst)->seenCount();
  }
  for (std::uint32_t i = 0; i < kRecoveryAskers && !unasked.empty() && !wrong(); ++i) {
    const Asker& asker = arrive({.count = kRecoveryRequests, .bytesMax = 100, .shortOnly = true});
    await(asker);
    for (const std::uint32_t id : asker.asked()) {
      if (ledger_.at(id).status != 200) {
        fail("request " + std::to_string(id) + " was not served when all was well again");
      }
    }
    std::erase_if(unasked, [this](const auto& one) {
      return endpoints_.at(one.first - kFirst)->seenCount() > one.second;
    });
  }
  if (!unasked.empty()) {
    fail("endpoint " + std::to_string(unasked.begin()->first) + " is well and not asked");
  }
}

/// What the one endpoint that errs has cost, and nobody else.
void HttpSimulation::checkStory() {
  if (wrong() || !scenario_.answersOnly()) {
    return;
  }
  const std::uint64_t ejections = watch_.ejections();
  const snapshot::Cluster& cluster = world_.config.cluster(1);
  if (scenario_.story == HttpStory::Calm && ejections > 0) {
    fail("an endpoint was ejected, and all are well");
  }
  const std::uint64_t asked = watch_.requestsOf(kFirst);
  const std::uint32_t workers = scenario_.world.workerCount;
  if (scenario_.story == HttpStory::OneErrsOften && asked >= kEnoughRequests * workers &&
      ejections == 0) {
    fail(std::to_string(asked) + " requests to an endpoint that errs often did not eject it");
  }
  if (scenario_.story == HttpStory::OneErrs) {
    const auto returns = static_cast<std::uint64_t>(kLife / cluster.ejection->baseTime);
    const std::uint64_t each = *cluster.ejection->consecutiveServerErrors + std::uint64_t{8};
    expect("requests to an endpoint that errs", asked, 0, workers * each * (1 + returns));
    if (asked > workers * each && ejections == 0) {
      fail("an endpoint that errs was not ejected");
    }
  }
}

/// What the workers have counted is what the world saw.
void HttpSimulation::checkCounters() {
  if (wrong()) {
    return;
  }
  std::uint64_t begun = 0;
  std::uint64_t again = 0;
  std::uint64_t answered = 0;
  std::map<int, std::uint64_t> statuses;
  for (const Request& request : ledger_.all()) {
    begun += !request.attempts.empty() || request.answeredHere ? 1 : 0;
    again += request.attempts.empty() ? 0 : request.attempts.size() - 1;
    answered += request.status != 0 ? 1 : 0;
    statuses[request.status] += 1;
  }
  // Somebody may have left, or been left, before anybody saw what was asked.
  const bool exact = scenario_.answersOnly();
  const std::uint64_t asked = ledger_.all().size();
  const HttpWatch::Totals totals = watch_.totals();
  say(std::to_string(totals.requests) + " requests, " + std::to_string(totals.retries) +
      " retries, " + std::to_string(totals.denied) + " denied, " + std::to_string(totals.replays) +
      " replays, " + std::to_string(watch_.ejections()) + " ejections");
  expect("requests", totals.requests, begun, exact ? begun : asked);
  expect("retries and replays", totals.retries + totals.replays, again, exact ? again : UINT64_MAX);
  expect("retries of what must not go twice", totals.unsafeRetries, 0);
  for (const auto& [status, count] : totals.responses) {
    expect("responses", count, statuses[status], exact ? statuses[status] : asked);
  }
  if (!exact) {
    return;
  }
  for (const auto& asker : askers_) {
    for (std::size_t i = 0; i < asker->asked().size(); ++i) {
      const Request& request = ledger_.at(asker->asked()[i]);
      const bool unasked = request.attempts.empty() && i >= asker->answeredCount();
      if (request.answeredHere || (request.status == 0 && !unasked)) {
        fail("request " + std::to_string(asker->asked()[i]) + " failed, and nothing else did");
      }
    }
  }
  if (scenario_.story == HttpStory::Calm) {
    expect("answers of 200", statuses[200], answered, answered);
  }
}

void HttpSimulation::checkEnd() {
  if (wrong()) {
    return;
  }
  advance(kRecovery);
  expectClosed(1, askers_.size());
  for (const auto& endpoint : endpoints_) {
    const auto open =
        world_.proxy.endpointCell(1, endpoint->number(), telemetry::EndpointTcpCell::kOpenNow);
    expect("connections to an endpoint", open, 0);
  }
  expect("load", watch_.loadNow(), 0);
  expectStopped();
}

// ---- who acts ----

bool HttpSimulation::act(base::TimePoint now) {
  bool any = false;
  for (const auto& endpoint : endpoints_) {
    any = endpoint->act(now) || any;
  }
  for (const auto& asker : askers_) {
    any = asker->act(now) || any;
  }
  return any;
}

std::string HttpSimulation::findProblem() const {
  std::string found = watch_.problem();
  for (std::size_t i = 0; found.empty() && i < endpoints_.size(); ++i) {
    found = endpoints_[i]->problem();
  }
  for (std::size_t i = 0; found.empty() && i < askers_.size(); ++i) {
    found = askers_[i]->problem();
  }
  return found;
}

/// Answers that wait and clients that think look at the clock every so often.
std::optional<base::Duration> HttpSimulation::pace() const {
  return openCount() > 0 ? std::optional<base::Duration>(milliseconds(5)) : std::nullopt;
}

// ---- what happens ----

void HttpSimulation::onArrival() {
  if (askers_.size() < (scenario_.answersOnly() ? kPeacefulAskersMax : kAskersMax)) {
    arrive(drawPlan());
  }
}

void HttpSimulation::onChange() {
  if (scenario_.story == HttpStory::Storm) {
    reload();
  }
}

AskerPlan HttpSimulation::drawPlan() {
  base::Random& random = scenario_.random;
  AskerPlan plan{.count = 1 + random.below(12),
                 .bytesMax = scenario_.bytesMax,
                 .pipelines = random.below(4) == 0,
                 .saysLast = random.below(3) == 0,
                 .thinkMax = milliseconds(random.below(200))};
  if (scenario_.story == HttpStory::Storm && random.below(5) == 0) {
    plan.patience = milliseconds(random.below(400));
  }
  return plan;
}

Asker& HttpSimulation::arrive(const AskerPlan& plan) {
  say("client " + std::to_string(askers_.size()) + " asks " + std::to_string(plan.count) +
      " times" + (plan.pipelines ? " at once" : ""));
  askers_.push_back(std::make_unique<Asker>(plan, world_.connect(), ledger_, scenario_.random,
                                            world_.clock.now()));
  return *askers_.back();
}

void HttpSimulation::onMood() {
  base::Random& random = scenario_.random;
  HttpEndpoint& endpoint = *endpoints_[random.below(static_cast<std::uint32_t>(endpoints_.size()))];
  switch (scenario_.story) {
    case HttpStory::Storm:
      setMood(endpoint, random.below(2) == 0 ? HttpMood::Well
                                             : static_cast<HttpMood>(random.below(kHttpMoodCount)));
      break;
    case HttpStory::AllErr: {
      constexpr HttpMood kMoods[] = {HttpMood::Errs, HttpMood::ErrsOften, HttpMood::ErrsSeldom};
      const HttpMood mood = kMoods[random.below(3)];
      for (const auto& one : endpoints_) {
        setMood(*one, mood);
      }
      break;
    }
    case HttpStory::Calm:
      setMood(endpoint, random.below(2) == 0 ? HttpMood::Well : HttpMood::Slow);
      break;
    case HttpStory::OneErrs:
    case HttpStory::OneErrsOften:
      break;
  }
}

void HttpSimulation::setMood(HttpEndpoint& endpoint, HttpMood mood) {
  say("endpoint " + std::to_string(endpoint.number()) + " is " + nameOf(mood));
  endpoint.setMood(mood);
}

void HttpSimulation::reload() {
  base::Random& random = scenario_.random;
  snapshot::Cluster& cluster = world_.config.cluster(1);
  switch (random.below(6)) {
    case 0:
      addEndpoint();
      break;
    case 1:
      removeEndpoint(scenario_.random);
      break;
    case 2:
      drawRequestBalancer(random, cluster);
      break;
    case 3:
      random.below(3) == 0 ? cluster.ejection.reset() : drawRequestEjection(random, cluster);
      break;
    case 4:
      world_.config.setRoutes(1, rulesOf(scenario_));
      break;
    default:
      // The same again.
      break;
  }
  say("reload: " + std::to_string(cluster.endpoints.size()) + " endpoints, balancer " +
      std::to_string(static_cast<int>(cluster.balancer.type)));
  world_.publish();
}

void HttpSimulation::addEndpoint() {
  const std::uint32_t number = kFirst + static_cast<std::uint32_t>(endpoints_.size());
  endpoints_.push_back(std::make_unique<HttpEndpoint>(number, world_.network,
                                                      world_.addEndpoint(number, addressAt(number)),
                                                      ledger_, scenario_.random));
}

std::size_t HttpSimulation::openCount() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(askers_, [](const auto& asker) { return !asker->over(); }));
}

std::uint64_t HttpSimulation::digest() const {
  std::uint64_t digest = 0;
  const auto mix = [&digest](std::uint64_t value) { digest = base::mixed(digest ^ value); };
  for (const Request& request : ledger_.all()) {
    mix(static_cast<std::uint64_t>(request.status));
    for (const Attempt& attempt : request.attempts) {
      mix(attempt.endpoint);
      mix(static_cast<std::uint64_t>((attempt.at - base::TimePoint{}).count()));
    }
  }
  mix(static_cast<std::uint64_t>((world_.clock.now() - base::TimePoint{}).count()));
  return digest;
}

}  // namespace weft::simulation
