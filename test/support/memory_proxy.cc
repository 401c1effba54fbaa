#include "support/memory_proxy.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace weft::test {

namespace {

/// Far more than any test needs; a proxy that is still busy then is in a loop.
constexpr int kStepsMax = 200'000;

base::Address memoryAddress(os::Sockets& sockets, int fd) {
  return static_cast<MemorySockets&>(sockets).listenAddress(fd);
}

}  // namespace

std::string patternBytes(std::size_t count, std::uint64_t seed) {
  std::string bytes(count, '\0');
  base::Random random(seed);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i) {
    word = i % sizeof(word) == 0 ? random.next() : word >> 8U;
    bytes[i] = static_cast<char>(word & 0xffU);
  }
  return bytes;
}

MemoryProxy::MemoryProxy(const MemoryProxyOptions& options)
    : network(clock, options.network),
      sockets(network),
      outside(network),
      around_(std::make_unique<Surroundings>(outside, options.proxy.wiring)),
      proxy({.sockets = sockets, .clock = clock, .pollers = makePollers(options.workerCount)},
            options.proxy) {
  config.listener(1).address = listenAddress();
  addEndpoint(1, endpointAddress());
  publish();
}

std::vector<os::Poller*> MemoryProxy::makePollers(std::uint32_t count) {
  std::vector<os::Poller*> pollers;
  for (std::uint32_t i = 0; i < count; ++i) {
    pollers_.push_back(std::make_unique<MemoryPoller>(sockets));
    pollers.push_back(pollers_.back().get());
  }
  return pollers;
}

Endpoint& MemoryProxy::addEndpoint(std::uint32_t number, const base::Address& address,
                                   std::uint32_t clusterNumber) {
  Endpoint& endpoint = around().listen(address, memoryAddress);
  config.endpoint(clusterNumber, number, endpoint.address());
  return endpoint;
}

void MemoryProxy::publish() {
  const auto failure = proxy.publish(config.build());
  ASSERT_EQ(failure, nullptr) << failure->path << ": " << failure->error.text;
}

bool MemoryProxy::once() {
  bool any = network.deliver();
  any = around().step() || any;
  proxy.turn();
  return any || std::ranges::any_of(pollers_, [](const auto& poller) {
           return poller->wasBusy() || poller->hasReady();
         });
}

bool MemoryProxy::until(const std::function<bool()>& condition) {
  for (int i = 0; i < kStepsMax; ++i) {
    if (condition()) {
      return true;
    }
    if (!once()) {
      return condition();
    }
  }
  ADD_FAILURE() << "still busy after " << kStepsMax << " steps";
  return false;
}

void MemoryProxy::settle() {
  until([] { return false; });
}

std::optional<base::TimePoint> MemoryProxy::nextDeadline() const {
  std::optional<base::TimePoint> next = network.nextDue();
  for (const auto& poller : pollers_) {
    const std::optional<base::TimePoint> sleeps = poller->sleepsUntil();
    next = sleeps && next ? std::min(sleeps, next) : (sleeps ? sleeps : next);
  }
  return next;
}

void MemoryProxy::advance(base::Duration duration) {
  const base::TimePoint end = clock.now() + duration;
  settle();
  while (clock.now() < end) {
    const base::TimePoint next = std::min(end, nextDeadline().value_or(end));
    // A deadline that has passed and a wheel that is not there yet: on by the smallest step.
    clock.advanceTo(std::max(next, clock.now() + base::Duration(1)));
    settle();
  }
}

}  // namespace weft::test
