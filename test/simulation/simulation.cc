#include "simulation.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/hash.h"
#include "telemetry/cell_table.h"

namespace weft::simulation {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::ListenerTcpCell;
using telemetry::WorkerCell;

constexpr base::Duration kLife = seconds(12);
/// Longer than anything may take that is not stuck.
constexpr base::Duration kStuck = seconds(120);
/// Longer than back-offs, intervals and timeouts of all scenarios together.
constexpr base::Duration kRecovery = seconds(20);
constexpr std::uint32_t kRecoveryClients = 8;
constexpr std::uint32_t kDrainedClients = 6;

/// Steps at one moment; a proxy that is still busy then is in a loop.
constexpr int kStepsMax = 100'000;

base::Address addressAt(std::uint32_t number) {
  return base::Address::ipv4({10, 0, static_cast<std::uint8_t>(1 + number / 250),
                              static_cast<std::uint8_t>(1 + number % 250)},
                             90);
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, bool verbose)
    : scenario_(seed), verbose_(verbose), world_(scenario_.world), watch_(world_) {}

std::string Simulation::run() {
  prepare();
  live();
  settleDown();
  recover();
  drain();
  checkEnd();
  return problem_;
}

// ---- the parts of a run ----

void Simulation::prepare() {
  snapshot::Listener& listener = world_.config.listener(1);
  listener.protocol = scenario_.protocol;
  listener.serverFirstAfter = milliseconds(20);
  listener.detectTimeout = seconds(1);
  for (std::size_t i = 0; i < scenario_.world.workerCount; ++i) {
    world_.poller(i).shuffle(world_.network.random());
  }
  // The endpoint that every world begins with is not one of ours.
  world_.config.removeEndpoint(1, 1);
  world_.endpoint().close();
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

void Simulation::live() {
  base::Random& random = scenario_.random;
  const auto later = [this, &random](base::Duration max) {
    return world_.clock.now() +
           base::Duration(random.below(static_cast<std::uint32_t>(max.count())));
  };
  const base::TimePoint end = world_.clock.now() + kLife;
  base::TimePoint arrival = later(scenario_.arrivalGapMax);
  base::TimePoint mood = later(seconds(1));
  base::TimePoint change = later(seconds(4));
  while (world_.clock.now() < end && !wrong()) {
    advanceTo(std::min({arrival, mood, change, end}));
    const base::TimePoint now = world_.clock.now();
    if (now >= arrival) {
      if (conversations_.size() < scenario_.clientCount) {
        arrive(random.below(4) != 0);
      }
      arrival = later(scenario_.arrivalGapMax);
    }
    if (now >= mood) {
      changeMood();
      mood = later(seconds(2));
    }
    if (now >= change) {
      if (scenario_.story == Story::Storm) {
        reload();
      }
      change = later(seconds(4));
    }
    if (startsAtFault_ == 0 && now - faultSince_ > seconds(8)) {
      startsAtFault_ = 1 + watch_.startsAt(endpoints_.front()->number());
    }
  }
  checkStory();
}

/// Everybody is well again, and all that is open comes to an end.
void Simulation::settleDown() {
  for (const auto& endpoint : endpoints_) {
    setMood(*endpoint, Mood::Well);
  }
  for (const auto& conversation : conversations_) {
    conversation->hurry();
  }
  const base::TimePoint end = world_.clock.now() + kStuck;
  while (openConversations() > 0 && world_.clock.now() < end && !wrong()) {
    advanceTo(world_.clock.now() + milliseconds(100));
  }
  if (openConversations() > 0) {
    fail(std::to_string(openConversations()) + " conversations do not come to an end");
  }
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
  advanceTo(world_.clock.now() + kRecovery);
  if (!watch_.allUsable()) {
    fail("an endpoint is well again and still avoided");
  }
  if (watch_.connectionsNow() != 0) {
    fail(std::to_string(watch_.connectionsNow()) + " connections count after all have ended");
  }
  for (std::uint32_t i = 0; i < kRecoveryClients && !wrong(); ++i) {
    arrive(true);
    Conversation& conversation = *conversations_.back();
    const base::TimePoint end = world_.clock.now() + kStuck;
    while (!conversation.over() && world_.clock.now() < end && !wrong()) {
      advanceTo(world_.clock.now() + milliseconds(50));
    }
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
    advanceTo(world_.clock.now() + milliseconds(300));
  }
  world_.proxy.drain(seconds(3), false);
  advanceTo(world_.clock.now() + seconds(1));
  for (std::size_t i = first; i < first + kDrainedClients / 2; ++i) {
    conversations_[i]->hurry();
  }
  advanceTo(world_.clock.now() + seconds(1));
  for (std::size_t i = first; i < first + kDrainedClients / 2; ++i) {
    if (conversations_[i]->met() && !conversations_[i]->whole()) {
      fail("a connection that ended in time while draining is not whole");
    }
  }
  const std::uint32_t left = watch_.connectionsNow();
  if (left > 0 && world_.proxy.drained()) {
    fail("drained with " + std::to_string(left) + " connections");
  }
  advanceTo(world_.clock.now() + seconds(3));
  if (!world_.proxy.drained() || world_.proxy.forcedCount() != left) {
    fail("the drain reset " + std::to_string(world_.proxy.forcedCount()) + " connections of " +
         std::to_string(left));
  }
}

void Simulation::checkEnd() {
  if (wrong()) {
    return;
  }
  test::ProxyUnderTest& proxy = world_.proxy;
  std::uint64_t closes = 0;
  for (std::size_t reason = 0; reason < telemetry::kCloseReasonCount; ++reason) {
    closes += proxy.closes(1, static_cast<telemetry::CloseReason>(reason));
  }
  const auto expect = [this](const char* what, std::uint64_t is, std::uint64_t wanted) {
    if (is != wanted) {
      fail(std::string(what) + ": " + std::to_string(is) + ", not " + std::to_string(wanted));
    }
  };
  // Who left before it was accepted is nobody.
  const std::uint64_t opens = proxy.listenerCell(1, ListenerTcpCell::kOpens);
  const auto peaceful = static_cast<std::uint64_t>(std::ranges::count_if(
      conversations_, [](const auto& conversation) { return conversation->peaceful(); }));
  expect("opens", std::clamp<std::uint64_t>(opens, peaceful, conversations_.size()), opens);
  expect("closes", closes, opens);
  expect("open now", proxy.listenerCell(1, ListenerTcpCell::kOpenNow), 0);
  expect("connections now", proxy.workerCell(WorkerCell::ConnectionsNow), 0);
  expect("buffered bytes", proxy.workerCell(WorkerCell::BufferedBytesNow), 0);
  proxy.stop();
  expect("descriptors", world_.sockets.openCount(), 0);
}

// ---- time ----

void Simulation::advanceTo(base::TimePoint end) {
  for (;;) {
    for (int i = 0; step(); ++i) {
      if (i > kStepsMax) {
        fail("the proxy is busy for ever");
        return;
      }
    }
    if (world_.clock.now() >= end || wrong()) {
      return;
    }
    const base::TimePoint next = world_.nextDeadline().value_or(end);
    // A flapping endpoint and a plan with patience look at the clock every so often.
    const base::TimePoint soon = world_.clock.now() + milliseconds(25);
    world_.clock.advanceTo(
        std::max(std::min({next, end, soon}), world_.clock.now() + base::Duration(1)));
  }
}

bool Simulation::step() {
  const base::TimePoint now = world_.clock.now();
  bool any = false;
  for (const auto& endpoint : endpoints_) {
    any = endpoint->act(now, conversations_) || any;
  }
  for (const auto& conversation : conversations_) {
    any = (!conversation->over() && conversation->act(now)) || any;
  }
  watch_.before();
  any = world_.once() || any;
  watch_.after();
  return any && !wrong();
}

bool Simulation::wrong() {
  if (!problem_.empty()) {
    return true;
  }
  problem_ = watch_.problem();
  for (std::size_t i = 0; problem_.empty() && i < endpoints_.size(); ++i) {
    problem_ = endpoints_[i]->problem();
  }
  for (std::size_t i = 0; problem_.empty() && i < conversations_.size(); ++i) {
    problem_ = conversations_[i]->problem();
  }
  return !problem_.empty();
}

void Simulation::fail(const std::string& text) {
  if (problem_.empty()) {
    problem_ = text;
  }
}

void Simulation::say(const std::string& text) {
  if (verbose_) {
    const auto us = (world_.clock.now() - base::TimePoint{}).count() - 3'600'000'000;
    std::printf("%9.3f ms  %s\n", static_cast<double>(us) / 1000.0, text.c_str());
  }
}

// ---- what happens ----

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

void Simulation::changeMood() {
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
      removeEndpoint();
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

void Simulation::removeEndpoint() {
  const auto& endpoints = world_.config.cluster(1).endpoints;
  if (endpoints.size() > 1) {
    const auto count = static_cast<std::uint32_t>(endpoints.size());
    const std::uint32_t number = endpoints[scenario_.random.below(count)].id.number;
    say("endpoint " + std::to_string(number) + " leaves");
    world_.config.removeEndpoint(1, number);
  }
}

bool Simulation::isConfigured(const base::Address& address) {
  return address == test::MemoryProxy::listenAddress() ||
         std::ranges::any_of(world_.config.cluster(1).endpoints,
                             [&address](const snapshot::Endpoint& endpoint) {
                               return endpoint.address == address;
                             });
}

std::uint32_t Simulation::openConversations() const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
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
