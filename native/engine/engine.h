// Engine: starts the worker threads, opens listening sockets, publishes snapshots to the workers
// and collects their acknowledgements, drains, stops. Owned by the binding; all calls come from one
// thread (the control thread, JavaScript's). Callbacks run on worker threads and must not call back
// into the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/drain_options.h"
#include "engine/dump.h"
#include "snapshot/snapshot.h"
#include "telemetry/cell_table.h"

namespace weft::engine {

struct EngineOptions {
  std::uint32_t workerCount = 0;
  std::size_t eventRingBytes = 0;
  std::size_t cellCount = 0;
  std::size_t runCount = 0;
};

/// Told on a worker's thread that its event ring is no longer empty; once until the ring was
/// drained empty.
class EventListener {
 public:
  virtual ~EventListener() = default;
  virtual void eventsReady(std::uint32_t worker) noexcept = 0;
};

/// Why a snapshot was not applied; nothing has changed.
struct PublishFailure {
  base::Error error;
  std::string path;  ///< 'listeners[2].address'.
};

class Engine {
 public:
  /// Null when every worker has adopted the snapshot.
  using Published = std::function<void(const PublishFailure* failure)>;
  using Drained = std::function<void(std::uint64_t forcedCount)>;
  using Dumped = std::function<void(DumpResult result)>;

  /// Starts the threads; they idle until the first publish. The listener outlives the engine.
  [[nodiscard]] static base::Result<std::unique_ptr<Engine>> start(const EngineOptions& options,
                                                                   EventListener& events);
  ~Engine();

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// After the changes before it: opens what is new, then has every worker adopt the snapshot.
  /// `published` is called once, within the call, by a worker or by stop(). REQUIRES: revisions
  /// increase.
  void publish(std::shared_ptr<const snapshot::Snapshot> next, Published published);

  /// `drained` is called once, when the last connection in scope has ended or was reset at the
  /// deadline. A further call can only shorten the deadline or widen the scope. Listeners that were
  /// closed stay closed, whatever is published.
  void drain(const DrainOptions& options, Drained drained);

  /// Bounded by the query's countMax in all; `dumped` is called by the worker that answers last.
  void dump(DumpQuery query, Dumped dumped);

  /// Resets what is open, joins the threads, calls callbacks that still wait. Safe to call twice,
  /// and from exit handlers.
  void stop() noexcept;

  [[nodiscard]] std::uint32_t workerCount() const noexcept;

  /// Valid for as long as the engine or a holder of counterMemory() lives.
  [[nodiscard]] std::span<std::uint64_t> cells(std::uint32_t worker) noexcept;
  [[nodiscard]] std::span<telemetry::DirectorySlot> directory(std::uint32_t worker) noexcept;

  /// What keeps a worker's cells and directory in memory.
  [[nodiscard]] std::shared_ptr<const void> counterMemory(std::uint32_t worker) const noexcept;

  /// Moves whole event records of one worker into `out`; 0 when there are none.
  [[nodiscard]] std::size_t drainEvents(std::uint32_t worker, base::MutableBytes out) noexcept;

 private:
  struct Parts;

  explicit Engine(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace weft::engine
