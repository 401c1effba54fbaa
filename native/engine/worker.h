// Worker: one loop with everything that lives on it: connections, cluster runtimes, acceptors,
// counters. It is told what to do by mail and runs on one thread; it works as well over in-memory
// sockets, turn by turn. Owned by the engine, or by a test.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/gate.h"
#include "base/random.h"
#include "engine/acceptor.h"
#include "engine/drain_options.h"
#include "engine/dump.h"
#include "engine/shared_state.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "os/mailbox.h"
#include "os/memory_region.h"
#include "os/splice_pipe.h"
#include "proxy/connections.h"
#include "proxy/drain.h"
#include "proxy/listener.h"
#include "snapshot/snapshot.h"
#include "telemetry/cell_table.h"
#include "telemetry/event_sink.h"
#include "upstream/cluster_runtime.h"
#include "upstream/health_check.h"
#include "upstream/http_memory.h"
#include "upstream/probe.h"

namespace weft::engine {

class Worker final : private upstream::HealthPeers, private upstream::WaitPeers {
 public:
  using Task = std::function<void(Worker&)>;

  /// What a worker is built on. All of it outlives the worker.
  struct Parts {
    std::uint32_t index = 0;
    std::uint32_t workerCount = 1;
    os::Poller& poller;
    os::Sockets& sockets;
    const base::Clock& clock;
    transport::TransportFactory& transports;
    telemetry::CellTable& cellTable;
    telemetry::EventSink& events;
    base::Gate& gate;
    Router& router;
    base::MutableBytes scratch;
    std::uint64_t seed = 0;
  };

  explicit Worker(const Parts& parts);
  ~Worker();

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // ---- any thread ----

  /// Runs the task on the worker, in order, after the connections that were posted before it.
  /// False, and the task is dropped, when the worker has stopped.
  bool post(Task task);

  /// An accepted connection, which counts as load at once. It is moved from; when the mailbox is
  /// full, false, and it stays as it is.
  [[nodiscard]] bool postConnection(base::ListenerId listener, os::Accepted& accepted);

  void wake() noexcept { parts_.poller.wake(); }

  /// Connections that are open here or on their way here.
  [[nodiscard]] std::uint32_t load() const noexcept {
    return load_.load(std::memory_order_relaxed);
  }

  void addLoad() noexcept { load_.fetch_add(1, std::memory_order_relaxed); }

  // ---- the worker's thread ----

  void countHandedOver() noexcept { context_.workerCells().add(telemetry::WorkerCell::HandedOver); }

  /// Turns until stop() was called by a task.
  void run() noexcept;

  /// One turn; false when the worker has stopped.
  bool turn() noexcept;

  /// Takes a connection at once. The load was added by the caller.
  void accept(base::ListenerId listener, const os::Accepted& accepted) noexcept;

  /// Adopts a snapshot. Costs what changed.
  void apply(const std::shared_ptr<const snapshot::Snapshot>& next, const SharedState& shared);

  void openAcceptor(int fd, base::ListenerId listener);

  /// Accepts everybody who waits and lets go of the descriptor; then `closed`, at once or in a
  /// later turn, where the caller closes it. A worker that stops before only lets go of `closed`.
  void closeAcceptor(int fd, std::function<void()> closed);
  void renameAcceptor(int fd, base::ListenerId listener);

  /// `drained` is called once, with the sum of the directions in `scope`.
  void drain(DrainScope scope, base::Duration deadline, proxy::DrainUntil until,
             const proxy::Drain::Drained& drained);
  void dump(const DumpQuery& query, DumpResult& result);

  /// Resets everything; turn() says false from now on.
  void stop() noexcept;

  /// After the last turn: drops what came too late, which also answers whoever waits for it. Any
  /// thread.
  void dropMail() noexcept;

  /// Null when it is not configured.
  [[nodiscard]] upstream::ClusterRuntime* cluster(base::ClusterId id) const noexcept;

  [[nodiscard]] std::uint32_t index() const noexcept { return parts_.index; }

 private:
  class Housekeeping;

  struct Mail {
    base::ListenerId listener;
    os::Accepted accepted;
  };

  /// A plain load while there is none, so that a turn without mail has no locked instruction.
  [[nodiscard]] bool hasMail() const noexcept { return hasMail_.load(std::memory_order_relaxed); }

  void readMail() noexcept;
  [[nodiscard]] proxy::Listener* renamed(base::ListenerId listener) const noexcept;
  void applyClusters(const snapshot::Snapshot& next, const SharedState& shared);
  void applyListeners(const snapshot::Snapshot& next, const SharedState& shared);
  void releaseRuns(const snapshot::Snapshot& next);
  [[nodiscard]] bool runInUse(const telemetry::RunKey& key) const;
  void healthChanged(base::ClusterId cluster, base::EndpointId endpoint) noexcept override;
  void connectionWanted(base::ClusterId id) noexcept override;
  void adoptHealth(base::ClusterId id, base::EndpointId endpoint);
  void connectionEnded() noexcept;
  void armHousekeeping() noexcept;
  void housekeep() noexcept;
  void dumpConnections(const DumpQuery& query, DumpResult& result);
  void dumpClusters(std::uint32_t countMax, DumpResult& result);

  Parts parts_;
  os::Loop loop_;
  base::Random random_;
  os::BufferPool buffers_;
  os::PipePool pipes_;
  upstream::HttpMemory httpMemory_;
  upstream::ProbeSlots probeSlots_;
  upstream::ProbeSlots checkSlots_;
  upstream::Context upstreamContext_;
  proxy::Context context_;
  proxy::Connections connections_;
  proxy::Drain inboundDrain_;
  proxy::Drain outboundDrain_;
  std::unordered_map<base::ClusterId, std::unique_ptr<upstream::ClusterRuntime>> clusters_;
  std::vector<std::unique_ptr<upstream::ClusterRuntime>> removedClusters_;
  std::unordered_map<base::ListenerId, std::unique_ptr<proxy::Listener>> listeners_;
  std::vector<std::unique_ptr<proxy::Listener>> removedListeners_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::shared_ptr<const snapshot::Snapshot> snapshot_;
  std::unique_ptr<Housekeeping> housekeeping_;
  bool stopped_ = false;

  os::Mailbox<Mail> mailbox_;
  std::atomic<std::uint32_t> load_{0};
  std::atomic<bool> hasMail_{false};   ///< Set after whatever was posted.
  std::atomic<bool> hasTasks_{false};  ///< Set before hasMail_ when it was a task.
  std::mutex tasksMutex_;  ///< Guards the two below; taken for control, never for traffic.
  std::vector<Task> tasks_;
  bool closed_ = false;
};

}  // namespace weft::engine
