#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/gate.h"
#include "base/result.h"
#include "engine/barrier.h"
#include "engine/drain_options.h"
#include "engine/dump.h"
#include "engine/listen_sockets.h"
#include "engine/router.h"
#include "engine/shared_state.h"
#include "engine/worker.h"
#include "engine/worker_thread.h"
#include "os/kernel_sockets.h"
#include "os/process_limits.h"
#include "proxy/drain.h"
#include "snapshot/snapshot.h"
#include "telemetry/cell_table.h"

namespace weft::engine {

namespace {

/// Descriptors that are not connections: Node's own, admin, configuration files.
constexpr std::uint32_t kDescriptorReserve = 64;

/// A connection has two, a pipe too.
constexpr std::uint32_t kDescriptorsEach = 2;

}  // namespace

/// Changes run one after another: a change begins when the one before it has been acknowledged by
/// all workers.
class ChangeQueue {
 public:
  /// `change` gets a ticket; the change is over when the last copy is gone. Any thread.
  void push(std::function<void(Ticket)> change) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(change));
      if (std::exchange(busy_, true)) {
        return;
      }
    }
    runNext();
  }

 private:
  void runNext() {
    std::function<void(Ticket)> change;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        busy_ = false;
        return;
      }
      change = std::move(waiting_.front());
      waiting_.pop_front();
    }
    change(std::make_shared<Barrier>([this] { runNext(); }));
  }

  std::mutex mutex_;
  std::deque<std::function<void(Ticket)>> waiting_;
  bool busy_ = false;
};

struct Engine::Parts {
  explicit Parts(const EngineOptions& engineOptions)
      : options(engineOptions), listenSockets(sockets, engineOptions.workerCount) {}

  /// Posts the task to each worker; `done` is called when all have run it.
  void onEveryWorker(const std::function<void(Worker&)>& task, std::function<void()> done);

  /// Takes the sockets' acceptors away, with what waits in them, and closes them; then `done`.
  void closeAcceptors(const std::vector<ListenSocket>& closed, std::function<void()> done);
  void openAcceptors(const ListenChanges& changes, std::function<void()> done);

  void limitConnections(const snapshot::Limits& limits) noexcept;
  void publish(const std::shared_ptr<const snapshot::Snapshot>& next, const Published& published,
               const Ticket& turn);
  void drain(const DrainOptions& drainOptions, const Drained& drained, const Ticket& turn);

  const EngineOptions options;
  os::KernelSockets sockets;
  base::SystemClock clock;
  base::Gate gate;
  RouterShared router;
  ListenSockets listenSockets;
  SharedState shared;
  ChangeQueue changes;
  std::vector<std::unique_ptr<WorkerThread>> workers;
  std::uint32_t descriptorsMax = 0;
  bool stopped = false;
};

void Engine::Parts::onEveryWorker(const std::function<void(Worker&)>& task,
                                  std::function<void()> done) {
  const Ticket ticket = std::make_shared<Barrier>(std::move(done));
  for (const std::unique_ptr<WorkerThread>& thread : workers) {
    thread->worker().post([task, ticket](Worker& worker) { task(worker); });
  }
}

void Engine::Parts::closeAcceptors(const std::vector<ListenSocket>& closed,
                                   std::function<void()> done) {
  const Ticket ticket = std::make_shared<Barrier>([this, closed, done = std::move(done)] {
    for (const ListenSocket& socket : closed) {
      sockets.closeListener(socket.fd, socket.options.address);
    }
    done();
  });
  for (const ListenSocket& socket : closed) {
    workers[socket.worker]->worker().post(
        [fd = socket.fd, ticket](Worker& worker) { worker.closeAcceptor(fd, [ticket] {}); });
  }
}

void Engine::Parts::openAcceptors(const ListenChanges& listenChanges, std::function<void()> done) {
  const Ticket ticket = std::make_shared<Barrier>(std::move(done));
  for (const ListenSocket& socket : listenChanges.opened) {
    workers[socket.worker]->worker().post(
        [socket, ticket](Worker& worker) { worker.openAcceptor(socket.fd, socket.listener); });
  }
  for (const ListenSocket& socket : listenChanges.kept) {
    workers[socket.worker]->worker().post(
        [socket, ticket](Worker& worker) { worker.renameAcceptor(socket.fd, socket.listener); });
  }
}

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Engine::~Engine() {
  stop();
}

base::Result<std::unique_ptr<Engine>> Engine::start(const EngineOptions& options,
                                                    EventListener& events) {
  auto parts = std::make_unique<Parts>(options);
  parts->descriptorsMax = os::raiseDescriptorLimit();
  const Shared shared{.sockets = parts->sockets,
                      .clock = parts->clock,
                      .gate = parts->gate,
                      .router = parts->router,
                      .events = events};
  for (std::uint32_t i = 0; i < options.workerCount; ++i) {
    auto worker = WorkerThread::create(i, options, shared);
    if (!worker.ok()) {
      return worker.error();
    }
    parts->workers.push_back(std::move(worker).value());
  }
  std::unique_ptr<Engine> engine(new Engine(std::move(parts)));
  for (const std::unique_ptr<WorkerThread>& worker : engine->parts_->workers) {
    const auto started = worker->start();
    if (!started.ok()) {
      return started.error();
    }
  }
  return engine;
}

void Engine::publish(std::shared_ptr<const snapshot::Snapshot> next, Published published) {
  parts_->changes.push([parts = parts_.get(), next = std::move(next),
                        published = std::move(published)](const Ticket& turn) {
    parts->publish(next, published, turn);
  });
}

/// What leaves is emptied first, so that its connections are served by the snapshot that they came
/// under; what is new is accepted from last, when every worker knows it.
void Engine::Parts::publish(const std::shared_ptr<const snapshot::Snapshot>& next,
                            const Published& published, const Ticket& turn) {
  ListenChanges listenChanges;
  if (const auto failure = listenSockets.change(*next, listenChanges)) {
    published(failure.get());
    return;
  }
  shared.adopt(*next);
  limitConnections(next->limits);
  closeAcceptors(
      listenChanges.closed, [this, next, listenChanges, state = shared, published, turn] {
        onEveryWorker([next, state](Worker& worker) { worker.apply(next, state); },
                      [this, listenChanges, published, turn] {
                        openAcceptors(listenChanges, [published, turn] { published(nullptr); });
                      });
      });
}

void Engine::Parts::limitConnections(const snapshot::Limits& limits) noexcept {
  const std::uint32_t pipeDescriptors = limits.pipeCountMax * kDescriptorsEach;
  const std::uint32_t reserve = std::min(kDescriptorReserve + pipeDescriptors, descriptorsMax / 2);
  router.connectionsMax = (descriptorsMax - reserve) / kDescriptorsEach;
}

void Engine::drain(const DrainOptions& options, Drained drained) {
  parts_->changes.push([parts = parts_.get(), options, drained = std::move(drained)](
                           const Ticket& turn) { parts->drain(options, drained, turn); });
}

void Engine::Parts::drain(const DrainOptions& drainOptions, const Drained& drained,
                          const Ticket& turn) {
  const bool close = drainOptions.listeners == DrainListeners::Close;
  const std::vector<ListenSocket> closed =
      close ? listenSockets.take(drainOptions.scope) : std::vector<ListenSocket>{};
  closeAcceptors(closed, [this, close, drainOptions, drained, turn] {
    const auto forced = std::make_shared<std::atomic<std::uint64_t>>(0);
    const Ticket all = std::make_shared<Barrier>([drained, forced] { drained(forced->load()); });
    onEveryWorker(
        [drainOptions, close, forced, all](Worker& worker) {
          worker.drain(drainOptions.scope, drainOptions.deadline,
                       close ? proxy::DrainUntil::Empty : proxy::DrainUntil::Deadline,
                       [forced, all](std::uint32_t count) { forced->fetch_add(count); });
        },
        [turn] {});
  });
}

namespace {

/// Appends, up to countMax in all.
template <typename Item>
void takeOver(std::vector<Item>& from, std::vector<Item>& to, DumpResult& result,
              std::uint32_t countMax) {
  const std::size_t room = countMax - std::min<std::size_t>(to.size(), countMax);
  result.truncated = result.truncated || from.size() > room;
  from.resize(std::min(from.size(), room));
  std::ranges::move(from, std::back_inserter(to));
}

}  // namespace

void Engine::dump(DumpQuery query, Dumped dumped) {
  if (query.kind == DumpKind::Listeners) {
    parts_->changes.push([parts = parts_.get(), countMax = query.countMax,
                          dumped = std::move(dumped)](const Ticket&) {
      dumped(parts->listenSockets.dump(countMax));
    });
    return;
  }

  struct Collected {
    std::mutex mutex;
    DumpResult result;
  };

  const auto collected = std::make_shared<Collected>();
  parts_->onEveryWorker(
      [query = std::move(query), collected](Worker& worker) {
        // Looking takes long and no worker waits for another: only the result needs the lock.
        DumpResult own;
        worker.dump(query, own);
        const std::lock_guard lock(collected->mutex);
        DumpResult& all = collected->result;
        all.truncated = all.truncated || own.truncated;
        takeOver(own.connections, all.connections, all, query.countMax);
        takeOver(own.endpoints, all.endpoints, all, query.countMax);
      },
      [collected, dumped = std::move(dumped)] { dumped(std::move(collected->result)); });
}

void Engine::stop() noexcept {
  Parts& parts = *parts_;
  if (std::exchange(parts.stopped, true)) {
    return;
  }
  for (const std::unique_ptr<WorkerThread>& thread : parts.workers) {
    thread->worker().post([](Worker& worker) { worker.stop(); });
  }
  for (const std::unique_ptr<WorkerThread>& thread : parts.workers) {
    thread->join();
  }
  for (const std::unique_ptr<WorkerThread>& thread : parts.workers) {
    thread->worker().dropMail();
  }
  for (const ListenSocket& socket : parts.listenSockets.take(DrainScope::All)) {
    parts.sockets.closeListener(socket.fd, socket.options.address);
  }
}

std::uint32_t Engine::workerCount() const noexcept {
  return parts_->options.workerCount;
}

std::span<std::uint64_t> Engine::cells(std::uint32_t worker) noexcept {
  return parts_->workers[worker]->cells();
}

std::span<telemetry::DirectorySlot> Engine::directory(std::uint32_t worker) noexcept {
  return parts_->workers[worker]->directory();
}

std::shared_ptr<const void> Engine::counterMemory(std::uint32_t worker) const noexcept {
  return parts_->workers[worker]->counters();
}

std::size_t Engine::drainEvents(std::uint32_t worker, base::MutableBytes out) noexcept {
  return parts_->workers[worker]->events().drain(out);
}

}  // namespace weft::engine
