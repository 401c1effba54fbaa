#include "engine/worker_thread.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/ring_sink.h"
#include "engine/router.h"
#include "engine/worker.h"
#include "os/epoll_poller.h"
#include "os/memory_region.h"
#include "os/thread.h"
#include "telemetry/cell_table.h"
#include "transport/plain_transport.h"

namespace weft::engine {

namespace {

/// One read fills at most this much; it fits the second-level cache of small machines.
constexpr std::size_t kScratchBytes = std::size_t{64} * 1024;

std::uint64_t seedOf(const base::Clock& clock, std::uint32_t index) noexcept {
  return clock.wallUs() * 31 + index;
}

}  // namespace

base::Result<std::unique_ptr<WorkerThread>> WorkerThread::create(std::uint32_t index,
                                                                 const EngineOptions& options,
                                                                 const Shared& shared) {
  auto poller = os::EpollPoller::open();
  auto cells = os::MemoryRegion::reserve(options.cellCount * sizeof(std::uint64_t));
  auto directory = os::MemoryRegion::reserve(options.runCount * sizeof(telemetry::DirectorySlot));
  auto scratch = os::MemoryRegion::reserve(kScratchBytes);
  if (!poller.ok()) {
    return poller.error();
  }
  for (const auto* region : {&cells, &directory, &scratch}) {
    if (!region->ok()) {
      return region->error();
    }
  }
  std::unique_ptr<WorkerThread> thread(new WorkerThread());
  thread->poller_ = std::move(poller).value();
  thread->counters_ = std::make_shared<const CounterMemory>(
      CounterMemory{.cells = std::move(cells).value(), .directory = std::move(directory).value()});
  thread->scratch_ = std::move(scratch).value();
  thread->transports_ = std::make_unique<transport::PlainTransportFactory>(shared.sockets);
  thread->cellTable_ = std::make_unique<telemetry::CellTable>(thread->cells(), thread->directory());
  thread->events_ = std::make_unique<RingSink>(options.eventRingBytes, index,
                                               thread->cellTable_->worker(), shared.events);
  thread->router_ = std::make_unique<LeastLoadedRouter>(shared.router, index);
  thread->worker_ =
      std::make_unique<Worker>(Worker::Parts{.index = index,
                                             .workerCount = options.workerCount,
                                             .poller = *thread->poller_,
                                             .sockets = shared.sockets,
                                             .clock = shared.clock,
                                             .transports = *thread->transports_,
                                             .cellTable = *thread->cellTable_,
                                             .events = *thread->events_,
                                             .gate = shared.gate,
                                             .router = *thread->router_,
                                             .scratch = thread->scratch_->as<std::byte>(),
                                             .seed = seedOf(shared.clock, index)});
  shared.router.workers.push_back(thread->worker_.get());
  return thread;
}

base::Result<void> WorkerThread::start() {
  auto thread = os::Thread::start("weft-worker-" + std::to_string(worker_->index()),
                                  [this] { worker_->run(); });
  if (!thread.ok()) {
    return thread.error();
  }
  thread_ = std::move(thread).value();
  return {};
}

}  // namespace weft::engine
