// MemoryProxy: a proxy under test in an in-memory network with a manual clock, its clients and
// endpoints around it. Time stands still but for advance(), and a run with the same seed repeats
// itself. The first listener, cluster and endpoint are there from the start.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "support/manual_clock.h"
#include "support/memory_network.h"
#include "support/memory_poller.h"
#include "support/memory_sockets.h"
#include "support/proxy_under_test.h"
#include "support/snapshots.h"
#include "support/surroundings.h"

namespace weft::test {

struct MemoryProxyOptions {
  ProxyOptions proxy;
  NetworkOptions network;
  std::uint32_t workerCount = 1;
};

class MemoryProxy {
 public:
  explicit MemoryProxy(const MemoryProxyOptions& options = {});

  MemoryProxy(const MemoryProxy&) = delete;
  MemoryProxy& operator=(const MemoryProxy&) = delete;

  /// Publishes what `config` says now. The program ends when that fails.
  void publish();

  /// A client of the first listener, or of the one at `address`.
  Peer& connect() { return connect(listenAddress()); }

  Peer& connect(const base::Address& address) { return around().connect(address); }

  /// The first endpoint is there when the test begins; others listen from this call on and are
  /// added to a cluster of `config`.
  Endpoint& endpoint() { return *around().endpoints().front(); }

  Endpoint& addEndpoint(std::uint32_t number, const base::Address& address,
                        std::uint32_t clusterNumber = 1);

  /// One step of everybody. False when nothing happened and nothing is ready to.
  bool once();

  /// Until nothing happens any more at this time. Going on for ever is a failure of the test.
  void settle();

  /// Until the condition holds; false when nothing happens any more and it does not.
  bool until(const std::function<bool()>& condition);

  /// When a worker or the network has something to do next, if nothing happens before.
  [[nodiscard]] std::optional<base::TimePoint> nextDeadline() const;

  /// Lets time pass, stopping at each deadline on the way, and settles.
  void advance(base::Duration duration);

  [[nodiscard]] static base::Address listenAddress() { return addressOf("10.0.0.1:80"); }

  [[nodiscard]] static base::Address endpointAddress() { return addressOf("10.0.1.1:90"); }

  [[nodiscard]] Surroundings& around() { return *around_; }

  [[nodiscard]] MemoryPoller& poller(std::size_t index = 0) { return *pollers_.at(index); }

  ManualClock clock;
  MemoryNetwork network;
  MemorySockets sockets;  ///< The proxy's.
  MemorySockets outside;  ///< Those of clients and endpoints.
  SnapshotBuilder config;

 private:
  [[nodiscard]] std::vector<os::Poller*> makePollers(std::uint32_t count);

  std::vector<std::unique_ptr<MemoryPoller>> pollers_;
  std::unique_ptr<Surroundings> around_;

 public:
  ProxyUnderTest proxy;
};

/// Bytes that say where in the stream they are, different for each seed.
[[nodiscard]] std::string patternBytes(std::size_t count, std::uint64_t seed = 1);

}  // namespace weft::test
