#include "simulation.h"

#include <algorithm>
#include <chrono>

#include "base/hash.h"

namespace weft::simulation {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kRecoveryClients = 8;
constexpr std::uint32_t kDrainedClients = 6;

base::Address addressAt(std::uint32_t number) {
  return base::Address::ipv4({10, 0, static_cast<std::uint8_t>(1 + number / 250),
                              static_cast<std::uint8_t>(1 + number % 250)},
                             90);
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, bool verbose) : Simulation(Scenario(seed), verbose) {}

Simulation::Simulation(const Scenario& scenario, bool verbose)
    : Stage(scenario.world, verbose), scenario_(scenario), watch_(world_) {}

std::string Simulation::run() {
  prepare();
  live(scenario_.random, scenario_.arrivalGapMax);
  checkStory();
  settleDown();
  recover();
  drain();
  checkEnd();
  return problem();
}

// ---- the parts of a run ----

void Simulation::prepare() {
  snapshot::Listener& listener = world_.config.listener(1);
  listener.protocol = scenario_.protocol;
  listener.serverFirstAfter = milliseconds(20);
  listener.detectTimeout = seconds(1);
  while (endpoints_.size() < scenario_.endpointCount) {
    addEndpoint();
  }
  drawCluster(scenario_, world_.config.cluster(1));
  world_.network.onConnect([this](const base::Address& address) {
    if (!isConfigured(address)) {
      fail("a connect to " + address.toString() + ", which is not configured");
    }
  });
  publish();
  if (scenario_.story == Story::OneRefuses) {
    setMood(*endpoints_.front(), Mood::Refuses);
  } else if (scenario_.story == Story::OneSilent) {
    setMood(*endpoints_.front(), Mood::Silent);
  }
  faultSince_ = world_.clock.now();
}

/// Everybody is well again, and all that is open comes to an end.
void Simulation::settleDown() {
  for (const auto& endpoint : endpoints_) {
    setMood(*endpoint, Mood::Well);
  }
  for (const auto& conversation : conversations_) {
    conversation->hurry();
  }
  awaitAll("conversations");
  if (!scenario_.nobodyFails()) {
    return;
  }
  for (std::size_t i = 0; i < conversations_.size(); ++i) {
    if (conversations_[i]->peaceful() && !conversations_[i]->whole()) {
      fail("conversation " + std::to_string(i) + " failed, and nothing else did");
    }
  }
}

/// Nothing is held against an endpoint that has been well for long, and clients are served.
void Simulation::recover() {
  if (wrong()) {
    return;
  }
  advance(kRecovery);
  if (!watch_.allUsable()) {
    fail("an endpoint is well again and still avoided");
  }
  if (watch_.connectionsNow() != 0) {
    fail(std::to_string(watch_.connectionsNow()) + " connections count after all have ended");
  }
  for (std::uint32_t i = 0; i < kRecoveryClients && !wrong(); ++i) {
    arrive(true);
    Conversation& conversation = *conversations_.back();
    await(conversation);
    if (!conversation.whole()) {
      fail("a client is not served when all is well again");
    }
  }
}

/// Who finishes in time is left in peace; the others are reset at the deadline.
void Simulation::drain() {
  if (wrong()) {
    return;
  }
  const std::size_t first = conversations_.size();
  for (std::uint32_t i = 0; i < kDrainedClients; ++i) {
    const auto number = static_cast<std::uint32_t>(conversations_.size());
    conversations_.push_back(std::make_unique<Conversation>(
        number,
        Plan{.kind = PlanKind::Holds, .upBytes = 100, .downBytes = 100, .patience = seconds(3600)},
        world_.connect(), world_.clock.now()));
    advance(milliseconds(300));
  }
  world_.proxy.drain(seconds(3), false);
  advance(seconds(1));
  for (std::size_t i = first; i < first + kDrainedClients / 2; ++i) {
    conversations_[i]->hurry();
  }
  advance(seconds(1));
  for (std::size_t i = first; i < first + kDrainedClients / 2; ++i) {
    if (conversations_[i]->met() && !conversations_[i]->whole()) {
      fail("a connection that ended in time while draining is not whole");
    }
  }
  const std::uint32_t left = watch_.connectionsNow();
  if (left > 0 && world_.proxy.drained()) {
    fail("drained with " + std::to_string(left) + " connections");
  }
  advance(seconds(3));
  if (!world_.proxy.drained() || world_.proxy.forcedCount() != left) {
    fail("the drain reset " + std::to_string(world_.proxy.forcedCount()) + " connections of " +
         std::to_string(left));
  }
}

void Simulation::checkEnd() {
  if (wrong()) {
    return;
  }
  // Who left before it was accepted is nobody.
  const auto peaceful = static_cast<std::uint64_t>(std::ranges::count_if(
      conversations_, [](const auto& conversation) { return conversation->peaceful(); }));
  expectClosed(peaceful, conversations_.size());
  expectStopped();
}

// ---- who acts ----

bool Simulation::act(base::TimePoint now) {
  bool any = false;
  for (const auto& endpoint : endpoints_) {
    any = endpoint->act(now, conversations_) || any;
  }
  for (const auto& conversation : conversations_) {
    any = (!conversation->over() && conversation->act(now)) || any;
  }
  return any;
}

std::string Simulation::findProblem() const {
  std::string found = watch_.problem();
  for (std::size_t i = 0; found.empty() && i < endpoints_.size(); ++i) {
    found = endpoints_[i]->problem();
  }
  for (std::size_t i = 0; found.empty() && i < conversations_.size(); ++i) {
    found = conversations_[i]->problem();
  }
  return found;
}

/// A flapping endpoint and a plan with patience look at the clock every so often.
std::optional<base::Duration> Simulation::pace() const {
  return milliseconds(25);
}

// ---- what happens ----

void Simulation::onArrival() {
  if (conversations_.size() < scenario_.clientCount) {
    arrive(scenario_.random.below(4) != 0);
  }
}

void Simulation::onChange() {
  if (scenario_.story == Story::Storm) {
    reload();
  }
}

void Simulation::onMoment(base::TimePoint now) {
  if (startsAtFault_ == 0 && now - faultSince_ > seconds(8)) {
    startsAtFault_ = 1 + watch_.startsAt(endpoints_.front()->number());
  }
}

void Simulation::arrive(bool peaceful) {
  const auto number = static_cast<std::uint32_t>(conversations_.size());
  const Plan plan = drawPlan(scenario_.random, scenario_.bytesMax, peaceful);
  say("client " + std::to_string(number) + ", plan " + std::to_string(static_cast<int>(plan.kind)));
  conversations_.push_back(
      std::make_unique<Conversation>(number, plan, world_.connect(), world_.clock.now()));
  if (std::ranges::any_of(
          endpoints_, [](const auto& endpoint) { return endpoint->mood() == Mood::ClosesEarly; })) {
    conversations_.back()->expectEarlyEnd();
  }
}

void Simulation::onMood() {
  base::Random& random = scenario_.random;
  FaultyEndpoint& endpoint =
      *endpoints_[random.below(static_cast<std::uint32_t>(endpoints_.size()))];
  if (scenario_.story == Story::Storm) {
    setMood(endpoint,
            random.below(2) == 0 ? Mood::Well : static_cast<Mood>(random.below(kMoodCount)));
  } else if (scenario_.calm()) {
    setMood(endpoint, random.below(2) == 0 ? Mood::Well : Mood::Slow);
  }
}

void Simulation::setMood(FaultyEndpoint& endpoint, Mood mood) {
  say("endpoint " + std::to_string(endpoint.number()) + " is " + nameOf(mood));
  if (mood == Mood::ClosesEarly) {
    for (const auto& conversation : conversations_) {
      conversation->expectEarlyEnd();
    }
  }
  endpoint.setMood(mood, world_.clock.now(), scenario_.random);
}

void Simulation::reload() {
  base::Random& random = scenario_.random;
  snapshot::Cluster& cluster = world_.config.cluster(1);
  switch (random.below(7)) {
    case 0:
      addEndpoint();
      break;
    case 1:
      removeEndpoint(scenario_.random);
      break;
    case 2:
      drawBalancer(random, cluster);
      break;
    case 3:
      drawLimits(random, cluster);
      break;
    case 4:
      random.below(3) == 0 ? cluster.ejection.reset() : drawEjection(random, cluster);
      break;
    case 5:
      random.below(3) == 0 ? cluster.healthCheck.reset() : drawHealthCheck(random, cluster);
      break;
    default:
      // The same again.
      break;
  }
  say("reload: " + std::to_string(cluster.endpoints.size()) + " endpoints, balancer " +
      std::to_string(static_cast<int>(cluster.balancer.type)));
  publish();
}

void Simulation::publish() {
  world_.publish();
  watch_.published();
}

void Simulation::addEndpoint() {
  const std::uint32_t number = 2 + static_cast<std::uint32_t>(endpoints_.size());
  endpoints_.push_back(std::make_unique<FaultyEndpoint>(
      number, world_.network, world_.addEndpoint(number, addressAt(number)),
      scenario_.greetsFirst));
}

bool Simulation::isConfigured(const base::Address& address) {
  return address == test::MemoryProxy::listenAddress() ||
         std::ranges::any_of(world_.config.cluster(1).endpoints,
                             [&address](const snapshot::Endpoint& endpoint) {
                               return endpoint.address == address;
                             });
}

std::size_t Simulation::openCount() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      conversations_, [](const auto& conversation) { return !conversation->over(); }));
}

/// What the one endpoint that fails may have cost.
void Simulation::checkStory() {
  const std::uint64_t starts = watch_.startsAt(endpoints_.front()->number());
  if (scenario_.story == Story::OneRefuses) {
    const std::uint64_t most = std::uint64_t{scenario_.world.workerCount} *
                               (world_.config.cluster(1).ejection->consecutiveFailures + 3);
    if (starts > most) {
      fail("an endpoint that refuses was tried " + std::to_string(starts) + " times, more than " +
           std::to_string(most));
    }
  }
  if (scenario_.story == Story::OneSilent && starts + 1 != startsAtFault_) {
    fail("an endpoint that has been silent for long was tried by a client");
  }
}

std::uint64_t Simulation::digest() {
  std::uint64_t digest = 0;
  const auto mix = [&digest](std::uint64_t value) { digest = base::mixed(digest ^ value); };
  for (std::size_t worker = 0; worker < world_.proxy.workerCount(); ++worker) {
    for (const telemetry::DecodedEvent& event : world_.proxy.sink(worker).events()) {
      mix(event.kind);
      mix(event.wallUs);
      for (const std::uint64_t number : event.numbers) {
        mix(number);
      }
    }
  }
  mix(static_cast<std::uint64_t>((world_.clock.now() - base::TimePoint{}).count()));
  return digest;
}

}  // namespace weft::simulation
