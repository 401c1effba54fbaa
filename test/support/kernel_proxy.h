// KernelProxy: a proxy under test over loopback, for what only the kernel can show. One worker,
// turned by the test; a turn waits a millisecond at most. Real time passes, so that tests wait for
// conditions and not for times.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "os/epoll_poller.h"
#include "support/hooked_sockets.h"
#include "support/proxy_under_test.h"
#include "support/snapshots.h"
#include "support/surroundings.h"

namespace weft::test {

/// Never sleeps for longer than a moment, because clients have to act as well.
class PacedPoller final : public os::Poller {
 public:
  [[nodiscard]] base::Result<void> add(int fd, os::Interest interest,
                                       os::Pollable& pollable) override {
    return epoll_->add(fd, interest, pollable);
  }

  void modify(int fd, os::Interest interest, os::Pollable& pollable) noexcept override {
    epoll_->modify(fd, interest, pollable);
  }

  void remove(int fd) noexcept override { epoll_->remove(fd); }

  [[nodiscard]] std::span<const os::Readiness> wait(
      base::TimePoint now, std::optional<base::TimePoint> deadline) noexcept override;

  void wake() noexcept override { epoll_->wake(); }

  [[nodiscard]] std::uint64_t changeCount() const noexcept override {
    return epoll_->changeCount();
  }

  /// Waits that did not sleep because somebody wanted to go on.
  [[nodiscard]] std::uint64_t restlessCount() const noexcept { return restlessCount_; }

 private:
  std::unique_ptr<os::EpollPoller> epoll_ = os::EpollPoller::open().value();
  base::SystemClock clock_;
  std::uint64_t restlessCount_ = 0;
};

class KernelProxy {
 public:
  explicit KernelProxy(const ProxyOptions& options = {});

  KernelProxy(const KernelProxy&) = delete;
  KernelProxy& operator=(const KernelProxy&) = delete;

  /// Publishes what `config` says now.
  void publish();

  Peer& connect() { return around_->connect(address()); }

  Endpoint& endpoint() { return *around_->endpoints().front(); }

  /// A client and what the endpoint accepted for it, open from end to end.
  void open(Peer*& client, Peer*& server);

  /// Everybody acts until the condition holds. False when that takes longer than any test should.
  bool until(const std::function<bool()>& condition);

  /// So many steps of everybody.
  void steps(int count);

  void once() {
    stepAround();
    proxy.turn();
  }

  /// Lets clients and endpoints act; when they did, the next turn does not wait for more.
  void stepAround() {
    if (around_->step()) {
      poller.wake();
    }
  }

  [[nodiscard]] const base::Address& address() const { return sockets.listenAddress(); }

  [[nodiscard]] Surroundings& around() { return *around_; }

  HookedSockets sockets;  ///< The proxy's.
  HookedSockets outside;
  base::SystemClock clock;
  PacedPoller poller;
  SnapshotBuilder config;

 private:
  std::unique_ptr<Surroundings> around_;

 public:
  ProxyUnderTest proxy;
};

}  // namespace weft::test
