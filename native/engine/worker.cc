#include "engine/worker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "base/ids.h"
#include "engine/acceptor.h"
#include "engine/barrier.h"
#include "engine/drain_options.h"
#include "os/sockets.h"
#include "os/timer_wheel.h"
#include "proxy/drain.h"
#include "proxy/listener.h"
#include "snapshot/listener.h"
#include "telemetry/cells.h"
#include "telemetry/close_reason.h"
#include "upstream/cluster_runtime.h"

namespace weft::engine {

namespace {

using telemetry::CloseReason;
using telemetry::WorkerCell;

/// More accepted connections than this on their way to one worker stay with the worker that
/// accepted them.
constexpr std::size_t kMailboxCapacity = 1024;

/// Checks the health of endpoints for all.
constexpr std::uint32_t kCheckingWorker = 0;

constexpr base::Duration kHousekeepingDelay = std::chrono::seconds(1);

}  // namespace

/// Gives memory back and frees what was removed, a while after connections have ended.
class Worker::Housekeeping final : public os::Timer {
 public:
  explicit Housekeeping(Worker& worker) noexcept : worker_(worker) {}

  ~Housekeeping() = default;

  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

 private:
  void onTimer() noexcept override { worker_.housekeep(); }

  Worker& worker_;
};

Worker::Worker(const Parts& parts)
    : parts_(parts),
      loop_(parts.poller, parts.clock),
      random_(parts.seed),
      pipes_(parts.sockets),
      httpMemory_(buffers_, parts.scratch),
      upstreamContext_{.loop = loop_,
                       .sockets = parts.sockets,
                       .pipes = pipes_,
                       .transports = parts.transports,
                       .random = random_,
                       .cellTable = parts.cellTable,
                       .workerCells = parts.cellTable.worker(),
                       .events = parts.events,
                       .probeSlots = probeSlots_,
                       .checkSlots = checkSlots_,
                       .http = httpMemory_,
                       .healthPeers = parts.index == kCheckingWorker ? this : nullptr,
                       .waitPeers = this},
      context_{.upstream = upstreamContext_,
               .buffers = buffers_,
               .scratch = parts.scratch,
               .workerIndex = parts.index},
      connections_(context_, parts.gate),
      inboundDrain_(loop_, connections_, snapshot::Direction::Inbound),
      outboundDrain_(loop_, connections_, snapshot::Direction::Outbound),
      housekeeping_(std::make_unique<Housekeeping>(*this)),
      mailbox_(kMailboxCapacity) {
  connections_.onEnded([this] { connectionEnded(); });
}

Worker::~Worker() {
  WEFT_CHECK(connections_.count() == 0);
  loop_.disposeRetired();
}

// ---- mail ----

bool Worker::post(Task task) {
  {
    const std::lock_guard lock(tasksMutex_);
    if (closed_) {
      return false;
    }
    tasks_.push_back(std::move(task));
  }
  hasTasks_.store(true, std::memory_order_relaxed);
  hasMail_.store(true, std::memory_order_release);
  wake();
  return true;
}

bool Worker::postConnection(base::ListenerId listener, os::Accepted& accepted) {
  // Before the post: the worker may take the connection off again as soon as it is there.
  addLoad();
  Mail mail{.listener = listener, .accepted = std::move(accepted)};
  if (mailbox_.post(mail)) {
    hasMail_.store(true, std::memory_order_release);
    return true;
  }
  accepted = std::move(mail.accepted);
  load_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

/// Tasks are taken before the mailbox is emptied and run after it, so that a connection that was
/// posted before a task is there when the task runs.
void Worker::readMail() noexcept {
  hasMail_.exchange(false, std::memory_order_acquire);
  std::vector<Task> tasks;
  if (hasTasks_.exchange(false, std::memory_order_acquire)) {
    const std::lock_guard lock(tasksMutex_);
    tasks.swap(tasks_);
  }
  Mail mail;
  while (mailbox_.take(mail)) {
    accept(mail.listener, mail.accepted);
  }
  for (Task& task : tasks) {
    task(*this);
  }
}

void Worker::run() noexcept {
  while (turn()) {
  }
}

bool Worker::turn() noexcept {
  loop_.turn();
  if (hasMail()) {
    readMail();
  }
  context_.workerCells().add(WorkerCell::LoopTurns);
  context_.workerCells().set(WorkerCell::BufferedBytesNow, buffers_.bytesNow());
  context_.workerCells().set(WorkerCell::PipesNow, pipes_.openCount());
  context_.workerCells().set(WorkerCell::PipesDenied, pipes_.deniedCount());
  context_.workerCells().set(WorkerCell::PollerChanges, parts_.poller.changeCount());
  return !stopped_;
}

void Worker::accept(base::ListenerId listener, const os::Accepted& accepted) noexcept {
  const auto found = listeners_.find(listener);
  proxy::Listener* named = found == listeners_.end() ? renamed(listener) : found->second.get();
  if (named == nullptr || stopped_) {
    parts_.sockets.reset(accepted.fd);
    load_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  connections_.accept(*named, accepted.fd, accepted.peer);
}

/// An acceptor goes by the old name until every worker has adopted the snapshot: who comes
/// meanwhile belongs to the listener that has the address now.
proxy::Listener* Worker::renamed(base::ListenerId listener) const noexcept {
  const auto removed = std::ranges::find_if(removedListeners_, [listener](const auto& candidate) {
    return candidate->settings().id == listener;
  });
  if (removed == removedListeners_.end()) {
    return nullptr;
  }
  const auto heir = std::ranges::find_if(listeners_, [&removed](const auto& entry) {
    return entry.second->settings().address == (*removed)->settings().address;
  });
  return heir == listeners_.end() ? removed->get() : heir->second.get();
}

void Worker::connectionEnded() noexcept {
  load_.fetch_sub(1, std::memory_order_relaxed);
  armHousekeeping();
  inboundDrain_.connectionEnded();
  outboundDrain_.connectionEnded();
}

void Worker::armHousekeeping() noexcept {
  if (!housekeeping_->armed()) {
    loop_.arm(*housekeeping_, kHousekeepingDelay);
  }
}

// ---- health of endpoints ----

void Worker::healthChanged(base::ClusterId cluster, base::EndpointId endpoint) noexcept {
  parts_.router.postToOthers(
      [cluster, endpoint](Worker& worker) { worker.adoptHealth(cluster, endpoint); });
}

/// One that is not known yet comes with a snapshot, which looks by itself.
void Worker::adoptHealth(base::ClusterId id, base::EndpointId endpoint) {
  if (upstream::ClusterRuntime* found = cluster(id)) {
    found->healthChanged(endpoint);
  }
}

// ---- requests that wait for a connection ----

void Worker::connectionWanted(base::ClusterId id) noexcept {
  parts_.router.postToOthers([id](Worker& worker) {
    if (upstream::ClusterRuntime* found = worker.cluster(id)) {
      found->giveConnection();
    }
  });
}

upstream::ClusterRuntime* Worker::cluster(base::ClusterId id) const noexcept {
  const auto found = clusters_.find(id);
  return found == clusters_.end() ? nullptr : found->second.get();
}

// ---- acceptors ----

void Worker::openAcceptor(int fd, base::ListenerId listener) {
  auto acceptor = std::make_unique<Acceptor>(Acceptor::Parts{.loop = loop_,
                                                             .sockets = parts_.sockets,
                                                             .router = parts_.router,
                                                             .cells = context_.workerCells(),
                                                             .events = parts_.events},
                                             fd, listener);
  if (acceptor->start().ok()) {
    acceptors_.push_back(std::move(acceptor));
  }
}

void Worker::closeAcceptor(int fd, std::function<void()> closed) {
  const auto found = std::ranges::find(acceptors_, fd, &Acceptor::fd);
  if (found == acceptors_.end()) {
    closed();
    return;
  }
  (*found)->drain([this, fd, closed = std::move(closed)] {
    std::erase_if(acceptors_, [fd](const auto& acceptor) { return acceptor->fd() == fd; });
    closed();
  });
}

void Worker::renameAcceptor(int fd, base::ListenerId listener) {
  for (const std::unique_ptr<Acceptor>& acceptor : acceptors_) {
    if (acceptor->fd() == fd) {
      acceptor->rename(listener);
    }
  }
}

// ---- ending ----

void Worker::drain(DrainScope scope, base::Duration deadline, proxy::DrainUntil until,
                   const proxy::Drain::Drained& drained) {
  context_.workerCells().set(WorkerCell::DrainingNow, 1);
  const auto sum = std::make_shared<std::uint32_t>(0);
  const Ticket both = std::make_shared<Barrier>([sum, drained] { drained(*sum); });
  const auto add = [sum, both](std::uint32_t forcedCount) { *sum += forcedCount; };
  inboundDrain_.start(deadline, until, add);
  if (scope == DrainScope::All) {
    outboundDrain_.start(deadline, until, add);
  }
}

void Worker::stop() noexcept {
  {
    const std::lock_guard lock(tasksMutex_);
    closed_ = true;
  }
  stopped_ = true;
  acceptors_.clear();
  connections_.abortAll(CloseReason::Stopped);
  for (const auto& [id, cluster] : clusters_) {
    cluster->stop();
  }
}

void Worker::dropMail() noexcept {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(tasksMutex_);
    tasks.swap(tasks_);
  }
  Mail mail;
  while (mailbox_.take(mail)) {
    accept(mail.listener, mail.accepted);
  }
  inboundDrain_.giveUp();
  outboundDrain_.giveUp();
}

void Worker::housekeep() noexcept {
  connections_.trim();
  httpMemory_.trim();
  std::erase_if(removedListeners_, [](const auto& listener) { return listener->unused(); });
  std::erase_if(removedClusters_, [this](const auto& cluster) {
    // A removed listener may still have connections in their handshake, which will ask its cluster.
    const bool named = std::ranges::any_of(removedListeners_, [&cluster](const auto& listener) {
      return &listener->cluster() == cluster.get();
    });
    return cluster->unused() && !named;
  });
  for (auto& [id, cluster] : clusters_) {
    cluster->sweep();
  }
  const base::TimePoint deadline =
      loop_.now() - (snapshot_ == nullptr ? base::Duration{} : snapshot_->drainTimeout);
  connections_.abortRemovedBy(deadline);
  const bool removed = !removedListeners_.empty() || !removedClusters_.empty() ||
                       std::ranges::any_of(clusters_, [](const auto& entry) {
                         return entry.second->holdsRemoved();
                       });
  if (removed) {
    armHousekeeping();
  }
}

}  // namespace weft::engine
