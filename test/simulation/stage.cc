#include "stage.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "telemetry/cells.h"
#include "telemetry/close_reason.h"

namespace weft::simulation {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::ListenerTcpCell;
using telemetry::WorkerCell;

/// Longer than anything may take that is not stuck.
constexpr base::Duration kStuck = seconds(120);

/// Steps at one moment; a proxy that is still busy then is in a loop.
constexpr int kStepsMax = 100'000;

}  // namespace

Stage::Stage(const test::MemoryProxyOptions& options, bool verbose)
    : world_(options), verbose_(verbose) {
  for (std::size_t i = 0; i < options.workerCount; ++i) {
    world_.poller(i).shuffle(world_.network.random());
  }
  world_.config.removeEndpoint(1, 1);
  world_.endpoint().close();
}

// ---- time ----

void Stage::live(base::Random& random, base::Duration arrivalGapMax) {
  const auto later = [this, &random](base::Duration max) {
    return world_.clock.now() +
           base::Duration(random.below(static_cast<std::uint32_t>(max.count())));
  };
  const base::TimePoint end = world_.clock.now() + kLife;
  base::TimePoint arrival = later(arrivalGapMax);
  base::TimePoint mood = later(seconds(1));
  base::TimePoint change = later(seconds(4));
  while (world_.clock.now() < end && !wrong()) {
    advanceTo(std::min({arrival, mood, change, end}));
    const base::TimePoint now = world_.clock.now();
    if (now >= arrival) {
      onArrival();
      arrival = later(arrivalGapMax);
    }
    if (now >= mood) {
      onMood();
      mood = later(seconds(2));
    }
    if (now >= change) {
      onChange();
      change = later(seconds(4));
    }
    onMoment(now);
  }
}

void Stage::advanceTo(base::TimePoint end) {
  for (;;) {
    for (int i = 0; step(); ++i) {
      if (i > kStepsMax) {
        fail("the proxy is busy for ever");
        return;
      }
    }
    const base::TimePoint now = world_.clock.now();
    if (now >= end || wrong()) {
      return;
    }
    const std::optional<base::Duration> looked = pace();
    const base::TimePoint soon = looked ? now + *looked : end;
    const base::TimePoint next = world_.nextDeadline().value_or(end);
    world_.clock.advanceTo(std::max(std::min({next, end, soon}), now + base::Duration(1)));
  }
}

bool Stage::step() {
  bool any = act(world_.clock.now());
  before();
  any = world_.once() || any;
  after();
  return any && !wrong();
}

base::TimePoint Stage::stuckAt() const {
  return world_.clock.now() + kStuck;
}

void Stage::awaitAll(const char* whom) {
  const base::TimePoint end = stuckAt();
  while (openCount() > 0 && world_.clock.now() < end && !wrong()) {
    advance(milliseconds(100));
  }
  if (openCount() > 0) {
    fail(std::to_string(openCount()) + " " + whom + " do not come to an end");
  }
}

// ---- what is wrong ----

bool Stage::wrong() {
  if (problem_.empty()) {
    problem_ = findProblem();
  }
  return !problem_.empty();
}

void Stage::fail(const std::string& text) {
  if (problem_.empty()) {
    problem_ = text;
  }
}

void Stage::expect(const char* what, std::uint64_t is, std::uint64_t least, std::uint64_t most) {
  if (is < least || is > most) {
    fail(std::string(what) + ": " + std::to_string(is) + ", not " + std::to_string(least) +
         (least == most ? "" : " to " + std::to_string(most)));
  }
}

void Stage::expectClosed(std::uint64_t opensLeast, std::uint64_t opensMost) {
  test::ProxyUnderTest& proxy = world_.proxy;
  std::uint64_t closes = 0;
  for (std::size_t reason = 0; reason < telemetry::kCloseReasonCount; ++reason) {
    closes += proxy.closes(1, static_cast<telemetry::CloseReason>(reason));
  }
  const std::uint64_t opens = proxy.listenerCell(1, ListenerTcpCell::kOpens);
  expect("opens", opens, opensLeast, opensMost);
  expect("closes", closes, opens);
  expect("open now", proxy.listenerCell(1, ListenerTcpCell::kOpenNow), 0);
  expect("connections now", proxy.workerCell(WorkerCell::ConnectionsNow), 0);
  expect("buffered bytes", proxy.workerCell(WorkerCell::BufferedBytesNow), 0);
}

void Stage::expectStopped() {
  world_.proxy.stop();
  expect("descriptors", world_.sockets.openCount(), 0);
}

void Stage::say(const std::string& text) {
  if (verbose_) {
    const auto us = (world_.clock.now() - base::TimePoint{}).count() - 3'600'000'000;
    std::printf("%9.3f ms  %s\n", static_cast<double>(us) / 1000.0, text.c_str());
  }
}

void Stage::removeEndpoint(base::Random& random) {
  const auto& endpoints = world_.config.cluster(1).endpoints;
  if (endpoints.size() > 1) {
    const auto count = static_cast<std::uint32_t>(endpoints.size());
    const std::uint32_t number = endpoints[random.below(count)].id.number;
    say("endpoint " + std::to_string(number) + " leaves");
    world_.config.removeEndpoint(1, number);
  }
}

}  // namespace weft::simulation
