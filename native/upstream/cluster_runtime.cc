#include "upstream/cluster_runtime.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/gate.h"
#include "base/ids.h"
#include "base/result.h"
#include "snapshot/cluster.h"
#include "snapshot/endpoint.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"
#include "telemetry/cells.h"
#include "telemetry/event.h"
#include "upstream/availability.h"
#include "upstream/balancer.h"
#include "upstream/cluster_errors.h"
#include "upstream/connect_close_reason.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_pool.h"  // IWYU pragma: keep
#include "upstream/endpoint_state.h"
#include "upstream/hash_table.h"
#include "upstream/shared_cluster.h"

namespace weft::upstream {

namespace {

/// More are not remembered.
constexpr std::size_t kTriedMax = 8;

using snapshot::Direction;
using telemetry::ClusterCell;
using telemetry::EndpointTcpCell;
using telemetry::RunKey;
using telemetry::RunKind;

std::size_t refusalCell(base::ErrorCode code) noexcept {
  switch (code) {
    case base::ErrorCode::ClusterLimit:
      return ClusterCell::kConnectionsRefused;
    case base::ErrorCode::PendingLimit:
      return ClusterCell::kPendingRefused;
    default:
      return ClusterCell::kEndpointsRefused;
  }
}

std::uint32_t numberOf(Direction direction) noexcept {
  return static_cast<std::uint32_t>(direction);
}

/// Where there is a limit; shared with the rest of what workers share of the endpoint.
std::shared_ptr<base::Gate> gateOf(const Endpoint& endpoint, const snapshot::Cluster& settings) {
  return settings.endpointConnectionsMax
             ? std::shared_ptr<base::Gate>(endpoint.shared, &endpoint.shared->connections)
             : nullptr;
}

void closeIdle(Endpoint& endpoint) {
  if (endpoint.pool != nullptr) {
    endpoint.pool->closeAll();
    endpoint.pool.reset();
  }
}

RunKey closeKey(Direction direction, base::ClusterId cluster, base::EndpointId endpoint,
                int sysErrno) noexcept {
  constexpr std::uint32_t kUpstreamPeer = 1;
  return {.kind = RunKind::CloseErrno,
          .ids = {kUpstreamPeer, numberOf(direction), cluster.number, endpoint.number,
                  static_cast<std::uint32_t>(sysErrno)}};
}

}  // namespace

ClusterRuntime::ClusterRuntime(Context& context, std::shared_ptr<const snapshot::Cluster> settings,
                               const SharedCluster& shared)
    : context_(context),
      queue_(context.loop, *this),
      cells_(context.cellTable.run(
          {.kind = RunKind::Cluster, .ids = {settings->id.number, 0, 0, 0, 0}})),
      availability_(context, cells_) {
  apply(std::move(settings), shared);
}

ClusterRuntime::~ClusterRuntime() {
  WEFT_CHECK(unused());
}

void ClusterRuntime::apply(std::shared_ptr<const snapshot::Cluster> settings,
                           const SharedCluster& shared) {
  const bool isFirst = settings_ == nullptr;
  const bool sameBalancer = !isFirst && settings_->balancer == settings->balancer &&
                            settings_->zonePreference == settings->zonePreference;
  // Held until the balancer has another table.
  const std::shared_ptr<const snapshot::Cluster> before = std::move(settings_);
  settings_ = std::move(settings);
  connections_.apply(settings_->connectionsMax, shared.connections);
  pending_.apply(settings_->pendingMax, shared.pending);
  for (auto& [id, endpoint] : endpoints_) {
    endpoint->removed = true;
  }
  members_.clear();
  members_.reserve(settings_->endpoints.size());
  for (const snapshot::Endpoint& wanted : settings_->endpoints) {
    std::unique_ptr<Endpoint>& endpoint = endpoints_[wanted.id];
    if (endpoint == nullptr) {
      endpoint =
          std::make_unique<Endpoint>(wanted.id, wanted.address, settings_->balancer.rttDefault);
      // Those that were there from the beginning are as new as this proxy.
      endpoint->slowStartFrom = isFirst ? base::TimePoint{} : context_.loop.now();
    }
    endpoint->removed = false;
    endpoint->removedAt = {};
    endpoint->weight = wanted.weight;
    endpoint->ownZone = wanted.ownZone;
    endpoint->fullUntil = {};
    endpoint->shared = shared.endpoint(wanted.id);
    endpoint->connections.apply(settings_->endpointConnectionsMax, gateOf(*endpoint, *settings_));
    members_.push_back(endpoint.get());
  }
  for (auto& [id, endpoint] : endpoints_) {
    if (endpoint->removed) {
      leave(*endpoint);
    }
  }
  if (!sameBalancer) {
    balancer_ = makeBalancer(settings_->balancer, settings_->zonePreference);
  }
  availability_.apply(*settings_, members_, *balancer_);
  const HashTables* tables = settings_->hashTables.get();
  balancer_->setMembers({.endpoints = members_,
                         .table = tables == nullptr ? nullptr : &tables->table,
                         .ownZoneTable = tables == nullptr ? nullptr : &tables->ownZone});
  queue_.wake();
  sweep();
}

void ClusterRuntime::remove() {
  for (auto& [id, endpoint] : endpoints_) {
    endpoint->removed = true;
    leave(*endpoint);
  }
  members_.clear();
  availability_.apply(*settings_, members_, *balancer_);
  balancer_->setMembers({});
  queue_.wake();
  sweep();
}

void ClusterRuntime::leave(Endpoint& endpoint) {
  availability_.removed(endpoint);
  closeIdle(endpoint);
}

void ClusterRuntime::stop() noexcept {
  for (const auto& [id, endpoint] : endpoints_) {
    endpoint->readmission.reset();
    endpoint->healthCheck.reset();
    closeIdle(*endpoint);
  }
}

void ClusterRuntime::sweep() {
  std::erase_if(endpoints_, [this](auto& entry) {
    Endpoint& endpoint = *entry.second;
    if (endpoint.removed && endpoint.removedAt == base::TimePoint{}) {
      endpoint.removedAt = context_.loop.now();
    }
    return endpoint.removed && endpoint.connectionsNow == 0 && endpoint.loadNow == 0;
  });
}

Endpoint* ClusterRuntime::pick(const PickRequest& request) {
  std::array<EndpointState*, kTriedMax> tried{};
  std::size_t triedCount = 0;
  for (const base::EndpointId id : request.tried) {
    const auto found = endpoints_.find(id);
    if (found != endpoints_.end() && triedCount < tried.size()) {
      tried.at(triedCount++) = found->second.get();
    }
  }
  return static_cast<Endpoint*>(balancer_->pick({.now = context_.loop.now(),
                                                 .random = context_.random,
                                                 .tried = std::span(tried).first(triedCount),
                                                 .key = request.key,
                                                 .forRequest = request.forRequest}));
}

base::Result<Endpoint*> ClusterRuntime::acquire(const PickRequest& request, Direction direction) {
  if (failsFast()) {
    cells_.add(ClusterCell::kFailedFast, 1);
    return errors::kFailFast;
  }
  Endpoint* endpoint = pick(request);
  // In a panic what is ejected is available; out of it, it is not, also for who has tried all
  // others.
  while (endpoint != nullptr && endpoint->availableAt(context_.loop.now())) {
    const base::Error* refusal = acquireAt(*endpoint, direction);
    if (refusal == nullptr) {
      return endpoint;
    }
    if (refusal != &errors::kEndpointLimit) {
      return *refuse(*refusal);
    }
    countFull(*endpoint);
    endpoint = pick(request);
  }
  if (!settings_->endpointConnectionsMax) {
    return errors::kNoEndpoint;
  }
  return acquireAny(request, direction);
}

/// The balancer has none that is thought to have room: another worker may have made some since.
base::Result<Endpoint*> ClusterRuntime::acquireAny(const PickRequest& request,
                                                   Direction direction) {
  const base::Error* refusal = &errors::kNoEndpoint;
  Endpoint* acquired = nullptr;
  askSome([&](Endpoint& endpoint) {
    const bool excluded = endpoint.excluded() && !inPanic();
    if (excluded || std::ranges::find(request.tried, endpoint.id) != request.tried.end()) {
      return true;
    }
    refusal = acquireAt(endpoint, direction);
    acquired = refusal == nullptr ? &endpoint : nullptr;
    return refusal == &errors::kEndpointLimit;
  });
  if (acquired != nullptr) {
    availability_.setFull(*acquired, {});
    return acquired;
  }
  return refusal == &errors::kNoEndpoint ? errors::kNoEndpoint : *refuse(*refusal);
}

const base::Error* ClusterRuntime::acquireAt(Endpoint& endpoint, Direction direction) {
  const base::Error* refusal = enterConnection(endpoint, direction);
  if (refusal != nullptr && makeRoom(refusal->code, endpoint)) {
    refusal = enterConnection(endpoint, direction);
  }
  if (refusal == nullptr) {
    addLoad(endpoint);
  }
  return refusal;
}

void ClusterRuntime::released(Endpoint& endpoint) {
  --endpoint.loadNow;
  releaseConnection(endpoint);
  if (!endpoint.removed) {
    balancer_->loadChanged(endpoint);
  }
}

const base::Error* ClusterRuntime::enterConnection(Endpoint& endpoint, Direction direction) {
  if (!connections_.enter()) {
    return &errors::kClusterLimit;
  }
  if (!endpoint.connections.enter()) {
    connections_.leave();
    return &errors::kEndpointLimit;
  }
  refusalIsNews_ = true;
  ++endpoint.connectionsNow;
  useCells(endpoint, direction);
  return nullptr;
}

void ClusterRuntime::releaseConnection(Endpoint& endpoint) {
  WEFT_ASSERT(connections_.now() > 0 && endpoint.connectionsNow > 0);
  connections_.leave();
  endpoint.connections.leave();
  --endpoint.connectionsNow;
  roomMade(endpoint);
}

void ClusterRuntime::roomMade(Endpoint& endpoint) {
  if (!endpoint.removed && endpoint.fullUntil != base::TimePoint{}) {
    availability_.setFull(endpoint, {});
  }
  queue_.wake();
}

void ClusterRuntime::addLoad(Endpoint& endpoint) {
  availability_.picked(endpoint);
  ++endpoint.loadNow;
  balancer_->loadChanged(endpoint);
}

void ClusterRuntime::useCells(Endpoint& endpoint, Direction direction) {
  const std::uint32_t index = numberOf(direction);
  if (endpoint.cells[index].size() == 0) {
    endpoint.cells[index] =
        context_.cellTable.run({.kind = RunKind::EndpointTcp,
                                .ids = {index, settings_->id.number, endpoint.id.number, 0, 0}});
    endpoint.cells[index].set(EndpointTcpCell::kUnavailableNow, endpoint.usable() ? 0 : 1);
    endpoint.cleanCloses[index] =
        context_.cellTable.run(closeKey(direction, settings_->id, endpoint.id, 0));
  }
}

const base::Error* ClusterRuntime::beginConnect() {
  if (!pending_.enter()) {
    return refuse(errors::kPendingLimit);
  }
  cells_.set(ClusterCell::kPendingNow, pending_.now());
  return nullptr;
}

void ClusterRuntime::endConnect() noexcept {
  pending_.leave();
  cells_.set(ClusterCell::kPendingNow, pending_.now());
  queue_.wake();
}

/// Counted each time, told once for each time that a limit was reached after it was not.
const base::Error* ClusterRuntime::refuse(const base::Error& error) {
  cells_.add(refusalCell(error.code), 1);
  if (std::exchange(refusalIsNews_, false)) {
    const std::array<std::uint64_t, 3> numbers = {
        static_cast<std::uint64_t>(connectCloseReason(error)), base::ListenerId::kNone,
        settings_->id.number};
    context_.events.emit({.kind = telemetry::EventKind::LimitReached,
                          .wallUs = context_.loop.wallUs(),
                          .numbers = numbers,
                          .fields = {}});
  }
  return &error;
}

void ClusterRuntime::connected(Endpoint& endpoint, Direction direction,
                               base::Duration connectTime) {
  endpoint.connectTime.observe(connectTime, context_.loop.now(), settings_->balancer.decay);
  telemetry::Cells& cells = endpoint.cells[numberOf(direction)];
  cells.add(EndpointTcpCell::kOpens, 1);
  cells.add(EndpointTcpCell::kOpenNow, 1);
  cells.add(EndpointTcpCell::kConnectCount, 1);
  cells.add(EndpointTcpCell::kConnectUsSum, static_cast<std::uint64_t>(connectTime.count()));
  if (endpoint.failureCount > 0) {
    availability_.connected(endpoint);
  }
}

void ClusterRuntime::connectFailed(Endpoint& endpoint, Direction direction,
                                   const base::Error& error) {
  if (!endpointAtFault(error)) {
    return;
  }
  endpoint.cells[numberOf(direction)].add(EndpointTcpCell::kConnectFailures, 1);
  if (settings_->originalDst) {
    // One address that cannot be reached says nothing about the others.
    return;
  }
  availability_.connectFailed(endpoint, error);
}

void ClusterRuntime::healthChanged(base::EndpointId id) {
  const auto found = endpoints_.find(id);
  if (found != endpoints_.end()) {
    availability_.adoptHealth(*found->second);
  }
}

void ClusterRuntime::countClose(Endpoint& endpoint, Direction direction, int sysErrno) {
  const std::uint32_t index = numberOf(direction);
  endpoint.cells[index].subtract(EndpointTcpCell::kOpenNow, 1);
  telemetry::Cells closes =
      sysErrno == 0
          ? endpoint.cleanCloses[index]
          : context_.cellTable.run(closeKey(direction, settings_->id, endpoint.id, sysErrno));
  closes.add(telemetry::CloseErrnoCell::kCloses, 1);
}

}  // namespace weft::upstream
