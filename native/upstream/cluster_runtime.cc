#include "upstream/cluster_runtime.h"

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "snapshot/cluster.h"
#include "snapshot/endpoint.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"
#include "telemetry/cells.h"
#include "upstream/availability.h"
#include "upstream/balancer.h"
#include "upstream/connect_close_reason.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_state.h"
#include "upstream/hash_table.h"

namespace weft::upstream {

namespace {

using snapshot::Direction;
using telemetry::EndpointTcpCell;
using telemetry::RunKey;
using telemetry::RunKind;

std::uint32_t numberOf(Direction direction) noexcept {
  return static_cast<std::uint32_t>(direction);
}

RunKey closeKey(Direction direction, base::ClusterId cluster, base::EndpointId endpoint,
                int sysErrno) noexcept {
  constexpr std::uint32_t kUpstreamPeer = 1;
  return {.kind = RunKind::CloseErrno,
          .ids = {kUpstreamPeer, numberOf(direction), cluster.number, endpoint.number,
                  static_cast<std::uint32_t>(sysErrno)}};
}

}  // namespace

ClusterRuntime::ClusterRuntime(Context& context, std::shared_ptr<const snapshot::Cluster> settings)
    : context_(context),
      availability_(context, context.cellTable.run({.kind = RunKind::Cluster,
                                                    .ids = {settings->id.number, 0, 0, 0, 0}})) {
  apply(std::move(settings));
}

ClusterRuntime::~ClusterRuntime() {
  WEFT_CHECK(unused());
}

void ClusterRuntime::apply(std::shared_ptr<const snapshot::Cluster> settings) {
  const bool isFirst = settings_ == nullptr;
  const bool sameBalancer = !isFirst && settings_->balancer == settings->balancer &&
                            settings_->zonePreference == settings->zonePreference;
  // Held until the balancer has another table.
  const std::shared_ptr<const snapshot::Cluster> before = std::move(settings_);
  settings_ = std::move(settings);
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
    members_.push_back(endpoint.get());
  }
  for (auto& [id, endpoint] : endpoints_) {
    if (endpoint->removed) {
      availability_.removed(*endpoint);
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
  sweep();
}

void ClusterRuntime::remove() {
  for (auto& [id, endpoint] : endpoints_) {
    endpoint->removed = true;
    availability_.removed(*endpoint);
  }
  members_.clear();
  availability_.apply(*settings_, members_, *balancer_);
  balancer_->setMembers({});
  sweep();
}

void ClusterRuntime::sweep() {
  std::erase_if(endpoints_, [this](auto& entry) {
    Endpoint& endpoint = *entry.second;
    if (endpoint.removed && endpoint.removedAt == base::TimePoint{}) {
      endpoint.removedAt = context_.loop.now();
    }
    return endpoint.removed && endpoint.connectionsNow == 0;
  });
}

Endpoint* ClusterRuntime::pick(const PickRequest& request) {
  EndpointState* picked = balancer_->pick({.now = context_.loop.now(),
                                           .random = context_.random,
                                           .tried = request.tried,
                                           .key = request.key});
  if (picked != nullptr) {
    availability_.picked(*picked);
  }
  return static_cast<Endpoint*>(picked);
}

void ClusterRuntime::acquired(Endpoint& endpoint, Direction direction) {
  ++connectionsNow_;
  ++endpoint.connectionsNow;
  balancer_->loadChanged(endpoint);
  const std::uint32_t index = numberOf(direction);
  if (endpoint.cells[index].size() == 0) {
    endpoint.cells[index] =
        context_.cellTable.run({.kind = RunKind::EndpointTcp,
                                .ids = {index, settings_->id.number, endpoint.id.number, 0, 0}});
    endpoint.cleanCloses[index] =
        context_.cellTable.run(closeKey(direction, settings_->id, endpoint.id, 0));
  }
}

void ClusterRuntime::released(Endpoint& endpoint) {
  WEFT_ASSERT(connectionsNow_ > 0 && endpoint.connectionsNow > 0);
  --connectionsNow_;
  --endpoint.connectionsNow;
  if (!endpoint.removed) {
    balancer_->loadChanged(endpoint);
  }
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

void ClusterRuntime::countClose(Endpoint& endpoint, Direction direction, int sysErrno) {
  const std::uint32_t index = numberOf(direction);
  endpoint.cells[index].subtract(EndpointTcpCell::kOpenNow, 1);
  telemetry::Cells closes =
      sysErrno == 0
          ? endpoint.cleanCloses[index]
          : context_.cellTable.run(closeKey(direction, settings_->id, endpoint.id, sysErrno));
  closes.add(telemetry::CloseErrnoCell::kCloses, 1);
}

bool ClusterRuntime::failsFast() noexcept {
  const bool fails = availability_.failsFast();
  if (fails) {
    availability_.countFailedFast();
  }
  return fails;
}

}  // namespace weft::upstream
