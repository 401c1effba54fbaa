#include "upstream/cluster_runtime.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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
#include "telemetry/event.h"
#include "upstream/balancer.h"
#include "upstream/connect_close_reason.h"
#include "upstream/context.h"
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
    : context_(context) {
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
  if (!sameBalancer) {
    balancer_ = makeBalancer(settings_->balancer, settings_->zonePreference);
  }
  const HashTables* tables = settings_->hashTables.get();
  balancer_->setMembers({.endpoints = members_,
                         .table = tables == nullptr ? nullptr : &tables->table,
                         .ownZoneTable = tables == nullptr ? nullptr : &tables->ownZone});
  sweep();
}

void ClusterRuntime::remove() {
  for (auto& [id, endpoint] : endpoints_) {
    endpoint->removed = true;
  }
  members_.clear();
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
  return static_cast<Endpoint*>(balancer_->pick({.now = context_.loop.now(),
                                                 .random = context_.random,
                                                 .tried = request.tried,
                                                 .key = request.key}));
}

void ClusterRuntime::acquired(Endpoint& endpoint, Direction direction) {
  ++connectionsNow_;
  ++endpoint.connectionsNow;
  if (endpoint.failureCount > 0) {
    // One connection finds out whether the endpoint is back; the others avoid it until that is
    // known.
    endpoint.unavailableUntil =
        std::max(endpoint.unavailableUntil, context_.loop.now() + 2 * settings_->connectTimeout);
  }
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
    endpoint.failureCount = 0;
    endpoint.unavailableUntil = {};
    endpoint.slowStartFrom = context_.loop.now();
    balancer_->loadChanged(endpoint);
    setAvailable(endpoint, true, {}, {});
  }
}

void ClusterRuntime::connectFailed(Endpoint& endpoint, Direction direction,
                                   const base::Error& error) {
  endpoint.cells[numberOf(direction)].add(EndpointTcpCell::kConnectFailures, 1);
  if (settings_->originalDst) {
    // One address that cannot be reached says nothing about the others.
    return;
  }
  const base::Duration backoff = backoffAfter(endpoint.failureCount);
  endpoint.unavailableUntil = context_.loop.now() + backoff;
  if (endpoint.failureCount++ == 0) {
    setAvailable(endpoint, false, error, backoff);
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

/// Doubles from the minimum to the maximum, less up to a quarter, so that workers and proxies do
/// not come back at the same moment.
base::Duration ClusterRuntime::backoffAfter(std::uint32_t failureCount) {
  const std::int64_t factor = std::int64_t{1} << std::min<std::uint32_t>(failureCount, 20);
  const std::int64_t whole =
      std::min(settings_->failureBackoffMin.count() * factor, settings_->failureBackoffMax.count());
  const auto quarter =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(whole / 4, 1, 1U << 30U));
  return base::Duration(whole - context_.random.below(quarter));
}

void ClusterRuntime::setAvailable(Endpoint& endpoint, bool available, const base::Error& error,
                                  base::Duration backoff) {
  for (telemetry::Cells& cells : endpoint.cells) {
    if (cells.size() > 0) {
      cells.set(EndpointTcpCell::kUnavailableNow, available ? 0 : 1);
    }
  }
  const std::string address = endpoint.address.toString();
  const std::array<std::string_view, 1> fields = {address};
  const auto backoffMs = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(backoff).count());
  const std::array<std::uint64_t, 5> numbers = {
      settings_->id.number, endpoint.id.number, static_cast<std::uint64_t>(error.sysErrno),
      static_cast<std::uint64_t>(connectCloseReason(error)), backoffMs};
  context_.events.emit(
      {.kind = available ? telemetry::EventKind::EndpointAvailable
                         : telemetry::EventKind::EndpointUnavailable,
       .wallUs = context_.loop.wallUs(),
       .numbers = available ? std::span(numbers).first(2) : std::span<const std::uint64_t>(numbers),
       .fields = fields});
}

}  // namespace weft::upstream
