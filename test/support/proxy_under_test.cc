#include "support/proxy_under_test.h"

#include <limits>
#include <utility>

namespace weft::test {

using engine::ListenChanges;
using engine::ListenSocket;
using snapshot::Direction;
using telemetry::RunKey;
using telemetry::RunKind;

ProxyUnderTest::WorkerParts::WorkerParts(ProxyUnderTest& proxy, const Ground& ground,
                                         std::uint32_t index, const ProxyOptions& options)
    : cells(options.cellCount),
      directory(options.runCount),
      scratch(options.scratchBytes),
      table(cells, directory),
      transports(ground.sockets, options.wiring),
      router(proxy.shared_, index),
      worker(std::make_unique<engine::Worker>(
          engine::Worker::Parts{.index = index,
                                .workerCount = static_cast<std::uint32_t>(ground.pollers.size()),
                                .poller = *ground.pollers[index],
                                .sockets = ground.sockets,
                                .clock = ground.clock,
                                .transports = transports,
                                .cellTable = table,
                                .events = sink,
                                .gate = proxy.gate_,
                                .router = router,
                                .scratch = scratch,
                                .seed = options.seed + index})) {}

ProxyUnderTest::ProxyUnderTest(const Ground& ground, const ProxyOptions& options)
    : ground_(ground),
      listenSockets_(ground.sockets, static_cast<std::uint32_t>(ground.pollers.size())) {
  shared_.connectionsMax = std::numeric_limits<std::uint32_t>::max();
  for (std::uint32_t i = 0; i < ground.pollers.size(); ++i) {
    parts_.push_back(std::make_unique<WorkerParts>(*this, ground, i, options));
    shared_.workers.push_back(parts_.back()->worker.get());
  }
}

ProxyUnderTest::~ProxyUnderTest() {
  stop();
}

std::unique_ptr<engine::PublishFailure> ProxyUnderTest::publish(
    const std::shared_ptr<const snapshot::Snapshot>& next) {
  ListenChanges changes;
  if (auto failure = listenSockets_.change(*next, changes)) {
    return failure;
  }
  for (const ListenSocket& socket : changes.closed) {
    closeListener(socket);
  }
  sharedState_.adopt(*next);
  for (const auto& parts : parts_) {
    parts->worker->apply(next, sharedState_);
  }
  for (const ListenSocket& socket : changes.opened) {
    worker(socket.worker).openAcceptor(socket.fd, socket.listener);
  }
  for (const ListenSocket& socket : changes.kept) {
    worker(socket.worker).renameAcceptor(socket.fd, socket.listener);
  }
  return nullptr;
}

void ProxyUnderTest::drain(base::Duration deadline, bool keepListeners, engine::DrainScope scope) {
  if (!keepListeners) {
    for (const ListenSocket& socket : listenSockets_.take(scope)) {
      closeListener(socket);
    }
  }
  drainStarted_ = true;
  drainsOpen_ += static_cast<std::uint32_t>(parts_.size());
  for (const auto& parts : parts_) {
    parts->worker->drain(scope, deadline,
                         keepListeners ? proxy::DrainUntil::Deadline : proxy::DrainUntil::Empty,
                         [this](std::uint32_t forced) {
                           forcedCount_ += forced;
                           --drainsOpen_;
                         });
  }
}

void ProxyUnderTest::closeListener(const ListenSocket& socket) {
  worker(socket.worker).closeAcceptor(socket.fd, [this, socket] {
    ground_.sockets.closeListener(socket.fd, socket.options.address);
  });
}

void ProxyUnderTest::turn() {
  for (const auto& parts : parts_) {
    parts->worker->turn();
  }
}

void ProxyUnderTest::stop() {
  if (std::exchange(stopped_, true)) {
    return;
  }
  for (const auto& parts : parts_) {
    parts->worker->stop();
  }
  for (const auto& parts : parts_) {
    parts->worker->dropMail();
  }
  for (const ListenSocket& socket : listenSockets_.take(engine::DrainScope::All)) {
    ground_.sockets.closeListener(socket.fd, socket.options.address);
  }
}

// ---- sums ----

std::uint64_t ProxyUnderTest::sumOf(const RunKey& key, std::size_t cell) {
  std::uint64_t sum = 0;
  for (const auto& parts : parts_) {
    sum += parts->table.run(key).get(cell);
  }
  return sum;
}

std::uint32_t ProxyUnderTest::slotOf(const RunKey& key) const {
  const WorkerParts& first = *parts_.front();
  for (std::uint32_t slot = 0; slot < first.directory.size(); ++slot) {
    if (first.table.keyOf(slot) == key) {
      return slot;
    }
  }
  return std::numeric_limits<std::uint32_t>::max();
}

std::uint64_t ProxyUnderTest::workerCell(telemetry::WorkerCell cell) {
  std::uint64_t sum = 0;
  for (const auto& parts : parts_) {
    sum += parts->table.worker().get(cell);
  }
  return sum;
}

std::uint64_t ProxyUnderTest::listenerCell(std::uint32_t listener, std::size_t cell,
                                           Direction direction) {
  const auto number = static_cast<std::uint32_t>(direction);
  return sumOf({.kind = RunKind::ListenerTcp, .ids = {listener, number, 0, 0, 0}}, cell);
}

std::uint64_t ProxyUnderTest::endpointCell(std::uint32_t cluster, std::uint32_t endpoint,
                                           std::size_t cell, Direction direction) {
  const auto number = static_cast<std::uint32_t>(direction);
  return sumOf({.kind = RunKind::EndpointTcp, .ids = {number, cluster, endpoint, 0, 0}}, cell);
}

std::uint64_t ProxyUnderTest::clusterCell(std::uint32_t cluster, std::size_t cell) {
  return sumOf({.kind = RunKind::Cluster, .ids = {cluster, 0, 0, 0, 0}}, cell);
}

std::uint64_t ProxyUnderTest::closes(std::uint32_t listener, telemetry::CloseReason reason) {
  return listenerCell(listener,
                      telemetry::ListenerTcpCell::kCloses + static_cast<std::size_t>(reason));
}

std::uint64_t ProxyUnderTest::downstreamCloses(std::uint32_t listener, int sysErrno) {
  return sumOf({.kind = RunKind::CloseErrno,
                .ids = {0, static_cast<std::uint32_t>(Direction::Outbound), listener,
                        base::EndpointId::kNone, static_cast<std::uint32_t>(sysErrno)}},
               telemetry::CloseErrnoCell::kCloses);
}

std::uint64_t ProxyUnderTest::upstreamCloses(std::uint32_t cluster, std::uint32_t endpoint,
                                             int sysErrno) {
  return sumOf({.kind = RunKind::CloseErrno,
                .ids = {1, static_cast<std::uint32_t>(Direction::Outbound), cluster, endpoint,
                        static_cast<std::uint32_t>(sysErrno)}},
               telemetry::CloseErrnoCell::kCloses);
}

}  // namespace weft::test
