#include "watch.h"

#include <algorithm>
#include <cmath>

#include "telemetry/close_reason.h"
#include "upstream/cluster_runtime.h"

namespace weft::simulation {

namespace {

using snapshot::BalancerType;
using telemetry::CloseReason;
using telemetry::EndpointTcpCell;

constexpr base::ClusterId kCluster{1};

}  // namespace

// ---- looking ----

Watch::View Watch::look() {
  View view(world_.proxy.workerCount());
  const base::TimePoint now = world_.clock.now();
  for (std::size_t index = 0; index < view.size(); ++index) {
    const upstream::ClusterRuntime& cluster = *world_.proxy.worker(index).cluster(kCluster);
    WorkerView& worker = view[index];
    worker.panic = cluster.inPanic();
    for (const auto& [id, endpoint] : cluster.endpoints()) {
      if (endpoint->removed) {
        worker.connections += endpoint->connectionsNow;
        continue;
      }
      const telemetry::Cells& cells =
          endpoint->cells[0].size() > 0 ? endpoint->cells[0] : endpoint->cells[1];
      EndpointView& seen = worker.endpoints[id.number];
      seen.excluded = endpoint->ejected || endpoint->unhealthy;
      seen.full = endpoint->fullUntil > now;
      seen.connections = endpoint->connectionsNow;
      if (cells.size() > 0) {
        seen.open = static_cast<std::uint32_t>(cells.get(EndpointTcpCell::kOpenNow));
        seen.failures = cells.get(EndpointTcpCell::kConnectFailures);
        seen.starts =
            cells.get(EndpointTcpCell::kOpens) + seen.failures + seen.connections - seen.open;
      }
      seen.failureCount = endpoint->failureCount;
      seen.ejected = endpoint->ejected;
      seen.usable = endpoint->usable();
      worker.connections += seen.connections;
      worker.starts += seen.starts;
      worker.failures += seen.failures;
      worker.ejected += seen.ejected ? 1 : 0;
      worker.usable += seen.usable ? 1 : 0;
    }
  }
  return view;
}

void Watch::before() {
  before_ = look();
}

void Watch::after() {
  after_ = look();
  for (std::size_t worker = 0; worker < after_.size(); ++worker) {
    checkPicks(worker);
    checkEjection(worker);
  }
  checkLimits();
  checkCloses();
}

std::uint32_t Watch::total(const View& view) {
  std::uint32_t sum = 0;
  for (const WorkerView& worker : view) {
    sum += worker.connections;
  }
  return sum;
}

std::uint32_t Watch::totalPending(const View& view) {
  std::uint32_t sum = 0;
  for (const WorkerView& worker : view) {
    for (const auto& [number, endpoint] : worker.endpoints) {
      sum += endpoint.connections - endpoint.open;
    }
  }
  return sum;
}

std::uint32_t Watch::totalAt(const View& view, std::uint32_t endpoint) {
  std::uint32_t sum = 0;
  for (const WorkerView& worker : view) {
    const auto found = worker.endpoints.find(endpoint);
    sum += found == worker.endpoints.end() ? 0 : found->second.connections;
  }
  return sum;
}

std::uint64_t Watch::startsAt(std::uint32_t endpoint) {
  std::uint64_t sum = 0;
  for (const WorkerView& worker : look()) {
    const auto found = worker.endpoints.find(endpoint);
    sum += found == worker.endpoints.end() ? 0 : found->second.starts;
  }
  return sum;
}

bool Watch::allUsable() {
  return std::ranges::all_of(look(), [](const WorkerView& worker) {
    return !worker.panic && std::ranges::all_of(worker.endpoints, [](const auto& one) {
      return one.second.usable && !one.second.excluded;
    });
  });
}

void Watch::fail(const std::string& text) {
  if (problem_.empty()) {
    problem_ = text;
  }
}

// ---- picks ----

void Watch::checkPicks(std::size_t worker) {
  const WorkerView& was = before_[worker];
  const WorkerView& is = after_[worker];
  std::uint32_t startedCount = 0;
  std::uint32_t picked = 0;
  bool steady = is.failures == was.failures && is.endpoints.size() == was.endpoints.size();
  for (const auto& [number, now] : is.endpoints) {
    const auto found = was.endpoints.find(number);
    if (found == was.endpoints.end()) {
      return;
    }
    const EndpointView& then = found->second;
    const std::uint64_t started = now.starts - std::min(then.starts, now.starts);
    startedCount += static_cast<std::uint32_t>(started);
    picked = started > 0 ? number : picked;
    steady = steady && !now.excluded && !then.excluded && !now.full && !then.full &&
             now.connections == then.connections + started;
    if (started > 0 && then.excluded && now.excluded && !was.panic && !is.panic) {
      fail("worker " + std::to_string(worker) + " picked endpoint " + std::to_string(number) +
           ", which it has ejected or knows as unhealthy");
    }
  }
  if (steady && startedCount == 1) {
    checkLoad(worker, picked);
  }
}

/// One pick among endpoints that are all available, and nothing else happened.
void Watch::checkLoad(std::size_t worker, std::uint32_t picked) {
  const snapshot::Balancer& balancer = world_.config.cluster(1).balancer;
  const auto& endpoints = before_[worker].endpoints;
  const std::uint32_t load = endpoints.at(picked).connections;
  if (balancer.loadBoundPercent) {
    double sum = 1;
    for (const auto& [number, endpoint] : endpoints) {
      sum += endpoint.connections;
    }
    const double share =
        *balancer.loadBoundPercent / 100.0 * sum / static_cast<double>(endpoints.size());
    if (load + 1 > static_cast<std::uint32_t>(std::ceil(share))) {
      fail("endpoint " + std::to_string(picked) + " with " + std::to_string(load) +
           " connections was picked beyond its bound of " + std::to_string(share));
    }
  }
  if (balancer.type == BalancerType::LeastConnections && !balancer.slowStart) {
    for (const auto& [number, endpoint] : endpoints) {
      if (endpoint.connections < load) {
        fail("endpoint " + std::to_string(picked) + " with " + std::to_string(load) +
             " connections was picked, and " + std::to_string(number) + " had fewer");
      }
    }
  }
}

/// A failure that is one too many ejects while there is room.
void Watch::checkEjection(std::size_t worker) {
  const auto& ejection = world_.config.cluster(1).ejection;
  if (!ejection) {
    return;
  }
  const WorkerView& was = before_[worker];
  const WorkerView& is = after_[worker];
  const std::size_t share = is.endpoints.size() * ejection->sharePercentMax / 100;
  const std::size_t max = std::max<std::size_t>(share, 1);
  if (is.ejected > max) {
    fail("worker " + std::to_string(worker) + " has ejected " + std::to_string(is.ejected) +
         " endpoints, more than " + std::to_string(max));
  }
  for (const auto& [number, now] : is.endpoints) {
    const auto found = was.endpoints.find(number);
    const bool grew = found != was.endpoints.end() && now.failures > found->second.failures &&
                      now.failureCount > found->second.failureCount;
    if (grew && now.failureCount >= ejection->consecutiveFailures && !now.ejected &&
        std::max(was.ejected, is.ejected) < max) {
      fail("endpoint " + std::to_string(number) + " failed " + std::to_string(now.failureCount) +
           " times in a row and was not ejected");
    }
  }
}

// ---- limits ----

void Watch::Bound::set(std::uint32_t limit, std::uint32_t now) {
  max = limit;
  allowed = std::max(limit, now);
}

void Watch::Bound::follow(std::uint32_t now) {
  allowed = std::max(max, std::min(allowed, now));
}

void Watch::published() {
  const View now = look();
  const snapshot::Cluster& cluster = world_.config.cluster(1);
  connections_.set(cluster.connectionsMax.value_or(UINT32_MAX), total(now));
  pending_.set(cluster.pendingMax.value_or(UINT32_MAX), totalPending(now));
  ofEndpoints_.clear();
  for (const snapshot::Endpoint& endpoint : cluster.endpoints) {
    ofEndpoints_[endpoint.id.number].set(cluster.endpointConnectionsMax.value_or(UINT32_MAX),
                                         totalAt(now, endpoint.id.number));
  }
}

void Watch::checkLimits() {
  const auto check = [this](const std::string& what, Bound& bound, std::uint32_t now) {
    if (now > bound.allowed) {
      fail(what + ": " + std::to_string(now) + ", more than " + std::to_string(bound.allowed));
    }
    bound.follow(now);
  };
  check("connections of the cluster", connections_, total(after_));
  check("connections that are being made", pending_, totalPending(after_));
  for (auto& [number, bound] : ofEndpoints_) {
    check("connections of endpoint " + std::to_string(number), bound, totalAt(after_, number));
  }
}

// ---- refusals ----

void Watch::checkCloses() {
  eventsSeen_.resize(world_.proxy.workerCount());
  for (std::size_t worker = 0; worker < eventsSeen_.size(); ++worker) {
    const auto& events = world_.proxy.sink(worker).events();
    for (std::size_t& i = eventsSeen_[worker]; i < events.size(); ++i) {
      if (events[i].kind == static_cast<std::uint8_t>(telemetry::EventKind::ConnectionClosed)) {
        checkClose(events[i].numbers.at(4));
      }
    }
  }
}

/// Connections may come and go between two looks, so that those that began count as if all were
/// there at once.
void Watch::checkClose(std::uint64_t reason) {
  std::uint32_t started = 0;
  bool somebodyUnusable = false;
  for (std::size_t worker = 0; worker < after_.size(); ++worker) {
    started += static_cast<std::uint32_t>(after_[worker].starts -
                                          std::min(before_[worker].starts, after_[worker].starts));
    somebodyUnusable =
        somebodyUnusable || before_[worker].usable == 0 || after_[worker].usable == 0;
  }
  const auto reached = [started](const Bound& bound, std::uint32_t was, std::uint32_t is) {
    return std::uint64_t{std::max(was, is)} + started >= bound.max;
  };
  bool legitimate = true;
  switch (static_cast<CloseReason>(reason)) {
    case CloseReason::ClusterLimit:
      legitimate = reached(connections_, total(before_), total(after_));
      break;
    case CloseReason::PendingLimit:
      legitimate = reached(pending_, totalPending(before_), totalPending(after_));
      break;
    case CloseReason::EndpointLimit:
      legitimate = std::ranges::any_of(ofEndpoints_, [&](const auto& one) {
        return reached(one.second, totalAt(before_, one.first), totalAt(after_, one.first));
      });
      break;
    case CloseReason::FailFast:
      legitimate = world_.config.cluster(1).failFastAfter && somebodyUnusable;
      break;
    case CloseReason::Finished:
    case CloseReason::DownstreamReset:
    case CloseReason::UpstreamReset:
    case CloseReason::DownstreamGone:
    case CloseReason::ConnectRefused:
    case CloseReason::ConnectTimeout:
    case CloseReason::ConnectFailed:
    case CloseReason::DrainDeadline:
    case CloseReason::EndpointRemoved:
      break;
    default:
      legitimate = false;
  }
  if (!legitimate) {
    fail("a connection was closed as " +
         std::string(telemetry::closeReasonName(static_cast<CloseReason>(reason))) +
         " without that being so");
  }
}

}  // namespace weft::simulation
