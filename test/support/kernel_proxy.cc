#include "support/kernel_proxy.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace weft::test {

namespace {

constexpr base::Duration kPace = std::chrono::milliseconds(1);
constexpr base::Duration kPatience = std::chrono::seconds(20);

}  // namespace

std::span<const os::Readiness> PacedPoller::wait(base::TimePoint,
                                                 std::optional<base::TimePoint> deadline) noexcept {
  const base::TimePoint now = clock_.now();
  restlessCount_ += deadline && *deadline <= now ? 1 : 0;
  return epoll_->wait(now, std::min(deadline.value_or(now + kPace), now + kPace));
}

KernelProxy::KernelProxy(const ProxyOptions& options)
    : around_(std::make_unique<Surroundings>(outside, options.wiring)),
      proxy({.sockets = sockets, .clock = clock, .pollers = {&poller}}, options) {
  config.listener(1).address = addressOf("127.0.0.1:0");
  const Endpoint& endpoint = around_->listen(addressOf("127.0.0.1:0"),
                                             [](os::Sockets&, int fd) { return boundAddress(fd); });
  config.endpoint(1, 1, endpoint.address());
  publish();
}

void KernelProxy::publish() {
  const auto failure = proxy.publish(config.build());
  ASSERT_EQ(failure, nullptr) << failure->path << ": " << failure->error.text;
}

void KernelProxy::open(Peer*& client, Peer*& server) {
  const std::size_t before = endpoint().count();
  client = &connect();
  ASSERT_TRUE(until([&] { return client->opened() && endpoint().count() > before; }));
  server = &endpoint().last();
  ASSERT_TRUE(until([&] { return server->opened(); }));
}

bool KernelProxy::until(const std::function<bool()>& condition) {
  const base::TimePoint deadline = clock.now() + kPatience;
  while (!condition()) {
    if (clock.now() > deadline) {
      return false;
    }
    once();
  }
  return true;
}

void KernelProxy::steps(int count) {
  for (int i = 0; i < count; ++i) {
    once();
  }
}

}  // namespace weft::test
