// ProxyUnderTest: the production workers, with everything that lives on them, on sockets, pollers
// and a clock that a test brings along, and turned by that test instead of by threads. It publishes
// as the engine does, but in one call. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/gate.h"
#include "engine/listen_sockets.h"
#include "engine/router.h"
#include "engine/shared_state.h"
#include "engine/worker.h"
#include "support/collecting_sink.h"
#include "support/mixed_transports.h"

namespace weft::test {

struct ProxyOptions {
  Wiring wiring;
  std::size_t scratchBytes = std::size_t{64} * 1024;
  std::size_t cellCount = 8192;
  std::size_t runCount = 512;
  std::uint64_t seed = 1;
};

class ProxyUnderTest {
 public:
  /// What it stands on; outlives it. One worker for each poller.
  struct Ground {
    os::Sockets& sockets;
    const base::Clock& clock;
    std::vector<os::Poller*> pollers;
  };

  ProxyUnderTest(const Ground& ground, const ProxyOptions& options);

  /// Stops it.
  ~ProxyUnderTest();

  ProxyUnderTest(const ProxyUnderTest&) = delete;
  ProxyUnderTest& operator=(const ProxyUnderTest&) = delete;

  /// Null on success, when all workers have applied it and accept for it.
  std::unique_ptr<engine::PublishFailure> publish(
      const std::shared_ptr<const snapshot::Snapshot>& next);

  /// As Engine::drain: closes the listeners, or keeps them. The counts of workers are added up when
  /// all are done.
  void drain(base::Duration deadline, bool keepListeners,
             engine::DrainScope scope = engine::DrainScope::All);

  [[nodiscard]] bool drained() const noexcept { return drainsOpen_ == 0 && drainStarted_; }

  [[nodiscard]] std::uint64_t forcedCount() const noexcept { return forcedCount_; }

  /// One turn of each worker.
  void turn();

  void stop();

  [[nodiscard]] std::size_t workerCount() const noexcept { return parts_.size(); }

  [[nodiscard]] engine::Worker& worker(std::size_t index = 0) { return *parts_.at(index)->worker; }

  [[nodiscard]] CollectingSink& sink(std::size_t index = 0) { return parts_.at(index)->sink; }

  [[nodiscard]] MixedTransports& transports(std::size_t index = 0) {
    return parts_.at(index)->transports;
  }

  /// How many connections fit into the descriptors of the process.
  void setDescriptorConnectionsMax(std::uint32_t max) { shared_.connectionsMax = max; }

  // ---- sums over all workers ----

  [[nodiscard]] std::uint64_t workerCell(telemetry::WorkerCell cell);
  [[nodiscard]] std::uint64_t listenerCell(
      std::uint32_t listener, std::size_t cell,
      snapshot::Direction direction = snapshot::Direction::Outbound);
  [[nodiscard]] std::uint64_t endpointCell(
      std::uint32_t cluster, std::uint32_t endpoint, std::size_t cell,
      snapshot::Direction direction = snapshot::Direction::Outbound);

  [[nodiscard]] std::uint64_t clusterCell(std::uint32_t cluster, std::size_t cell);

  /// Of one worker; made when it is not there.
  [[nodiscard]] telemetry::Cells run(std::size_t worker, const telemetry::RunKey& key) {
    return parts_.at(worker)->table.run(key);
  }

  /// Connections of a listener that ended for this reason.
  [[nodiscard]] std::uint64_t closes(std::uint32_t listener, telemetry::CloseReason reason);

  /// Connections of a listener that ended with this errno of the downstream side.
  [[nodiscard]] std::uint64_t downstreamCloses(std::uint32_t listener, int sysErrno);

  /// Connections to an endpoint that ended with this errno of the upstream side.
  [[nodiscard]] std::uint64_t upstreamCloses(std::uint32_t cluster, std::uint32_t endpoint,
                                             int sysErrno);

  // ---- the first worker's directory ----

  /// The slot of a run that is there.
  [[nodiscard]] std::uint32_t slotOf(const telemetry::RunKey& key) const;

  [[nodiscard]] telemetry::RunKey keyOf(std::uint32_t slot) const {
    return parts_.front()->table.keyOf(slot);
  }

 private:
  struct WorkerParts {
    WorkerParts(ProxyUnderTest& proxy, const Ground& ground, std::uint32_t index,
                const ProxyOptions& options);

    std::vector<std::uint64_t> cells;
    std::vector<telemetry::DirectorySlot> directory;
    std::vector<std::byte> scratch;
    telemetry::CellTable table;
    CollectingSink sink;
    MixedTransports transports;
    engine::LeastLoadedRouter router;
    std::unique_ptr<engine::Worker> worker;
  };

  void closeListener(const engine::ListenSocket& socket);
  [[nodiscard]] std::uint64_t sumOf(const telemetry::RunKey& key, std::size_t cell);

  const Ground ground_;
  base::Gate gate_;
  engine::RouterShared shared_;
  engine::ListenSockets listenSockets_;
  engine::SharedState sharedState_;
  std::vector<std::unique_ptr<WorkerParts>> parts_;
  std::uint64_t forcedCount_ = 0;
  std::uint32_t drainsOpen_ = 0;
  bool drainStarted_ = false;
  bool stopped_ = false;
};

}  // namespace weft::test
