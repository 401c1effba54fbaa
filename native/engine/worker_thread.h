// WorkerThread: a worker with the kernel's poller, its memory for counters and events, and its
// thread. Owned by the engine.
#pragma once

#include <cstdint>
#include <memory>

#include "base/gate.h"
#include "engine/engine.h"
#include "engine/ring_sink.h"
#include "engine/router.h"
#include "engine/worker.h"
#include "os/epoll_poller.h"
#include "os/memory_region.h"
#include "os/thread.h"
#include "transport/plain_transport.h"

namespace weft::engine {

/// What all workers of an engine have in common. Outlives them.
struct Shared {
  os::Sockets& sockets;
  const base::Clock& clock;
  base::Gate& gate;
  RouterShared& router;
  EventListener& events;
};

/// What a worker counts in. It may outlive the engine, for a reader that still holds it.
struct CounterMemory {
  std::unique_ptr<os::MemoryRegion> cells;
  std::unique_ptr<os::MemoryRegion> directory;
};

class WorkerThread {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<WorkerThread>> create(
      std::uint32_t index, const EngineOptions& options, const Shared& shared);

  [[nodiscard]] base::Result<void> start();

  /// REQUIRES: the worker was told to stop.
  void join() noexcept { thread_.reset(); }

  [[nodiscard]] Worker& worker() noexcept { return *worker_; }

  [[nodiscard]] std::span<std::uint64_t> cells() noexcept {
    return counters_->cells->as<std::uint64_t>();
  }

  [[nodiscard]] std::span<telemetry::DirectorySlot> directory() noexcept {
    return counters_->directory->as<telemetry::DirectorySlot>();
  }

  [[nodiscard]] std::shared_ptr<const CounterMemory> counters() const noexcept { return counters_; }

  [[nodiscard]] RingSink& events() noexcept { return *events_; }

 private:
  WorkerThread() = default;

  std::shared_ptr<const CounterMemory> counters_;
  std::unique_ptr<os::MemoryRegion> scratch_;
  std::unique_ptr<os::EpollPoller> poller_;
  std::unique_ptr<transport::PlainTransportFactory> transports_;
  std::unique_ptr<telemetry::CellTable> cellTable_;
  std::unique_ptr<RingSink> events_;
  std::unique_ptr<LeastLoadedRouter> router_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<os::Thread> thread_;
};

}  // namespace weft::engine
