#include "upstream/availability.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "snapshot/cluster.h"
#include "telemetry/cell_table.h"
#include "telemetry/cells.h"
#include "telemetry/event.h"
#include "upstream/balancer.h"
#include "upstream/connect_close_reason.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_events.h"
#include "upstream/endpoint_state.h"
#include "upstream/health_check.h"

namespace weft::upstream {

namespace {

using telemetry::ClusterCell;
using telemetry::EndpointTcpCell;
using telemetry::UnavailableCause;

/// The doubling of the back-off ends here at the latest.
constexpr std::uint32_t kDoublingsMax = 20;

/// An endpoint that is excluded becomes available by an event, never by time alone.
constexpr base::TimePoint kNever = base::TimePoint::max();

constexpr std::uint32_t kMinusOne = UINT32_MAX;

Endpoint& asEndpoint(EndpointState& state) noexcept {
  return static_cast<Endpoint&>(state);
}

constexpr base::Error kServerErrors{.text = "it answers with errors",
                                    .code = base::ErrorCode::Unhealthy,
                                    .side = base::Side::Upstream};

std::size_t ejectionCellOf(UnavailableCause cause) noexcept {
  switch (cause) {
    case UnavailableCause::EarlyCloses:
      return ClusterCell::kEjectionsByEarlyCloses;
    case UnavailableCause::ServerErrors:
      return ClusterCell::kEjectionsByServerErrors;
    case UnavailableCause::SuccessRate:
      return ClusterCell::kEjectionsBySuccessRate;
    case UnavailableCause::ConnectFailures:
    case UnavailableCause::HealthCheck:
      break;
  }
  return ClusterCell::kEjectionsByFailures;
}

}  // namespace

// ---- settings and members ----

void Availability::apply(const snapshot::Cluster& settings, std::span<EndpointState* const> members,
                         Balancer& balancer) {
  settings_ = &settings;
  members_ = members;
  balancer_ = &balancer;
  for (EndpointState* member : members_) {
    if (!settings.ejection) {
      forgetFailures(asEndpoint(*member));
    }
    updateChecks(asEndpoint(*member));
  }
  recount();
  for (EndpointState* member : members_) {
    exclude(*member);
  }
  update();
}

void Availability::removed(Endpoint& endpoint) {
  forgetFailures(endpoint);
  stopCheck(endpoint);
  endpoint.unavailableUntil = {};
}

void Availability::forgetFailures(Endpoint& endpoint) {
  if (endpoint.readmission != nullptr) {
    endpoint.readmission->stop();
  }
  const bool failed = std::exchange(endpoint.failing, false);
  if (failed) {
    tellAvailable(context_, settings_->id, endpoint, endpoint.cause);
    show(endpoint);
  }
  endpoint.ejected = false;
  endpoint.failureCount = 0;
  endpoint.earlyCloseCount = 0;
  endpoint.serverErrorCount = 0;
}

/// Fewer members or a smaller share may mean that too many are ejected.
void Availability::recount() {
  ejectedNow_ = 0;
  excludedNow_ = 0;
  usableNow_ = 0;
  unhealthyNow_ = 0;
  const std::uint32_t max = ejectedMax();
  for (EndpointState* member : members_) {
    member->ejected = member->ejected && ejectedNow_ < max;
    ejectedNow_ += member->ejected ? 1 : 0;
    excludedNow_ += member->excluded() ? 1 : 0;
    usableNow_ += member->usable() ? 1 : 0;
    unhealthyNow_ += member->unhealthy ? 1 : 0;
  }
}

/// Keeps the counts right while the flags of a member change.
template <typename Change>
void Availability::change(Endpoint& endpoint, Change how) {
  const auto count = [this, &endpoint](std::uint32_t step) {
    ejectedNow_ += endpoint.ejected ? step : 0;
    excludedNow_ += endpoint.excluded() ? step : 0;
    usableNow_ += endpoint.usable() ? step : 0;
    unhealthyNow_ += endpoint.unhealthy ? step : 0;
  };
  count(kMinusOne);
  how();
  count(1);
  show(endpoint);
}

/// Always one, so that the only endpoint of a cluster can be found dead.
std::uint32_t Availability::ejectedMax() const noexcept {
  if (!settings_->ejection) {
    return 0;
  }
  const std::uint64_t share =
      std::uint64_t{members_.size()} * settings_->ejection->sharePercentMax / 100;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(share, 1));
}

void Availability::show(Endpoint& endpoint) noexcept {
  for (telemetry::Cells& cells : endpoint.cells) {
    if (cells.size() > 0) {
      cells.set(EndpointTcpCell::kUnavailableNow, endpoint.usable() ? 0 : 1);
    }
  }
}

// ---- what connections found out ----

void Availability::connected(Endpoint& endpoint) {
  endpoint.failureCount = 0;
  if (endpoint.failing && endpoint.cause == UnavailableCause::ConnectFailures) {
    readmit(endpoint);
  }
}

void Availability::connectFailed(Endpoint& endpoint, const base::Error& error) {
  ++endpoint.failureCount;
  const std::optional<snapshot::Ejection>& ejection = settings_->ejection;
  if (ejection && endpoint.failureCount >= ejection->consecutiveFailures) {
    fail(endpoint, *ejection, {.cause = UnavailableCause::ConnectFailures, .error = error});
  }
}

void Availability::closedEarly(Endpoint& endpoint, int sysErrno) {
  ++endpoint.earlyCloseCount;
  const std::optional<snapshot::Ejection>& ejection = settings_->ejection;
  if (ejection && endpoint.earlyCloseCount >= ejection->consecutiveEarlyCloses) {
    fail(endpoint, *ejection,
         {.cause = UnavailableCause::EarlyCloses,
          .error = base::errorFromErrno(sysErrno, base::Side::Upstream, "closed early")});
  }
}

void Availability::requestEnded(Endpoint& endpoint, bool success) {
  const std::optional<snapshot::Ejection>& ejection = settings_->ejection;
  if (!ejection || endpoint.removed) {
    return;
  }
  endpoint.serverErrorCount = success ? 0 : endpoint.serverErrorCount + 1;
  if (ejection->consecutiveServerErrors &&
      endpoint.serverErrorCount >= *ejection->consecutiveServerErrors) {
    endpoint.serverErrorCount = 0;
    fail(endpoint, *ejection, {.cause = UnavailableCause::ServerErrors, .error = kServerErrors});
  }
  if (const auto percentMin = ejection->successPercentMin) {
    ++endpoint.windowRequests;
    endpoint.windowFailures += success ? 0 : 1;
    checkSuccessRate(endpoint, *ejection, *percentMin);
  }
}

/// At the end of each window.
void Availability::checkSuccessRate(Endpoint& endpoint, const snapshot::Ejection& ejection,
                                    std::uint32_t percentMin) {
  const base::TimePoint now = context_.loop.now();
  if (now - endpoint.windowFrom < ejection.successWindow) {
    return;
  }
  const std::uint32_t requests = std::exchange(endpoint.windowRequests, 0);
  const std::uint64_t successes = requests - std::exchange(endpoint.windowFailures, 0);
  const bool first = std::exchange(endpoint.windowFrom, now) == base::TimePoint{};
  if (!first && requests >= ejection.successRequestsMin &&
      successes * 100 < std::uint64_t{percentMin} * requests) {
    fail(endpoint, ejection, {.cause = UnavailableCause::SuccessRate, .error = kServerErrors});
  }
}

void Availability::answered(Endpoint& endpoint) {
  endpoint.earlyCloseCount = 0;
  if (endpoint.failing && endpoint.cause == UnavailableCause::EarlyCloses) {
    readmit(endpoint);
  }
}

// ---- ejection ----

void Availability::fail(Endpoint& endpoint, const snapshot::Ejection& ejection,
                        const FailureCause& cause) {
  if (endpoint.removed) {
    return;
  }
  if (endpoint.failing) {
    eject(endpoint);
    update();
    return;
  }
  // Good for long enough: it begins with the shortest back-off again.
  if (context_.loop.now() - endpoint.readmittedAt > ejection.maxTime) {
    endpoint.backoffCount = 0;
  }
  endpoint.cause = cause.cause;
  change(endpoint, [&endpoint] { endpoint.failing = true; });
  eject(endpoint);
  tellUnavailable(context_, settings_->id, endpoint, cause, ejection.baseTime);
  update();
  probeLater(endpoint);
}

void Availability::eject(Endpoint& endpoint) {
  if (endpoint.ejected) {
    return;
  }
  if (ejectedNow_ >= ejectedMax()) {
    cells_.add(ClusterCell::kEjectionsDenied, 1);
    return;
  }
  change(endpoint, [&endpoint] { endpoint.ejected = true; });
  cells_.add(ejectionCellOf(endpoint.cause), 1);
  exclude(endpoint);
}

void Availability::readmit(Endpoint& endpoint) {
  endpoint.failureCount = 0;
  endpoint.earlyCloseCount = 0;
  endpoint.serverErrorCount = 0;
  endpoint.readmittedAt = context_.loop.now();
  endpoint.comeBack(context_.loop.now(), settings_->balancer.rttDefault);
  change(endpoint, [&endpoint] {
    endpoint.failing = false;
    endpoint.ejected = false;
  });
  tellAvailable(context_, settings_->id, endpoint, endpoint.cause);
  update();
  exclude(endpoint);
  balancer_->loadChanged(endpoint);
}

// ---- panic ----

/// After each change of the counts.
void Availability::update() {
  cells_.set(ClusterCell::kEjectedNow, ejectedNow_);
  // Once for the process, as it is found out.
  cells_.set(ClusterCell::kUnhealthyNow, context_.healthPeers == nullptr ? 0 : unhealthyNow_);
  if (usableNow_ > 0) {
    unusableSince_ = {};
  } else if (unusableSince_ == base::TimePoint{} && !members_.empty()) {
    unusableSince_ = context_.loop.now();
    // Nothing is more urgent now than to find one that is back.
    for (EndpointState* member : members_) {
      probeLater(asEndpoint(*member));
    }
  }
  const std::uint64_t left = members_.size() - excludedNow_;
  const std::uint64_t percent = settings_->ejection ? settings_->ejection->panicPercent : 0;
  setPanic(!members_.empty() && (left == 0 || left * 100 < percent * members_.size()));
}

void Availability::setPanic(bool panic) {
  if (panic_ == panic) {
    return;
  }
  panic_ = panic;
  cells_.set(ClusterCell::kPanicNow, panic ? 1 : 0);
  for (EndpointState* member : members_) {
    exclude(*member);
  }
  const std::array<std::uint64_t, 4> numbers = {settings_->id.number, panic ? 1U : 0U,
                                                members_.size() - excludedNow_, members_.size()};
  context_.events.emit({.kind = telemetry::EventKind::ClusterPanic,
                        .wallUs = context_.loop.wallUs(),
                        .numbers = numbers,
                        .fields = {}});
}

/// Tells the balancer what the flags of the endpoint mean now.
void Availability::exclude(EndpointState& endpoint) {
  const base::TimePoint until = endpoint.excluded() && !panic_ ? kNever : endpoint.fullUntil;
  if (std::exchange(endpoint.unavailableUntil, until) != until) {
    balancer_->loadChanged(endpoint);
  }
}

void Availability::setFull(EndpointState& endpoint, base::TimePoint until) {
  endpoint.fullUntil = until;
  exclude(endpoint);
}

bool Availability::failsFast() const noexcept {
  return usableNow_ == 0 && settings_->failFastAfter && !members_.empty() &&
         context_.loop.now() - unusableSince_ >= *settings_->failFastAfter;
}

// ---- probes ----

void Availability::probed(Endpoint& endpoint, const base::Error* error) {
  cells_.add(ClusterCell::kProbes, 1);
  if (error != nullptr) {
    cells_.add(ClusterCell::kProbeFailures, 1);
  }
  if (!endpoint.failing) {
    return;
  }
  if (error == nullptr) {
    readmit(endpoint);
    return;
  }
  if (endpointAtFault(*error)) {
    eject(endpoint);
    update();
  }
  probeLater(endpoint);
}

void Availability::probeLater(Endpoint& endpoint) {
  const std::optional<snapshot::Ejection>& ejection = settings_->ejection;
  if (!endpoint.failing || !ejection) {
    return;
  }
  if (endpoint.readmission == nullptr) {
    endpoint.readmission = std::make_unique<Readmission>(context_, *this, endpoint);
  }
  endpoint.readmission->start(backoffOf(endpoint, *ejection), settings_->connectTimeout);
  ++endpoint.backoffCount;
}

/// Doubles from the base time to the maximum, less up to a quarter, so that workers and proxies do
/// not come back at the same moment. Stays at the base time while nothing else is usable.
base::Duration Availability::backoffOf(const Endpoint& endpoint,
                                       const snapshot::Ejection& ejection) {
  const std::int64_t factor = std::int64_t{1} << std::min(endpoint.backoffCount, kDoublingsMax);
  const std::int64_t grown = std::min(ejection.baseTime.count() * factor, ejection.maxTime.count());
  const std::int64_t whole = usableNow_ == 0 ? ejection.baseTime.count() : grown;
  const auto quarter =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(whole / 4, 1, 1U << 30U));
  return base::Duration(whole - context_.random.below(quarter));
}

// ---- health checks ----

void Availability::updateChecks(Endpoint& endpoint) {
  if (!settings_->healthCheck) {
    stopCheck(endpoint);
    return;
  }
  endpoint.unhealthy = endpoint.shared->unhealthy.load(std::memory_order_relaxed);
  show(endpoint);
  if (context_.healthPeers == nullptr) {
    return;
  }
  if (endpoint.healthCheck == nullptr) {
    endpoint.healthCheck = std::make_unique<HealthCheck>(context_, *this, endpoint);
  }
  endpoint.healthCheck->apply(*settings_->healthCheck);
}

/// What nobody asks any more counts as healthy.
void Availability::stopCheck(Endpoint& endpoint) {
  const bool checks = endpoint.healthCheck != nullptr;
  endpoint.healthCheck.reset();
  if (checks && endpoint.shared != nullptr) {
    endpoint.shared->unhealthy.store(false, std::memory_order_relaxed);
  }
  if (std::exchange(endpoint.unhealthy, false)) {
    show(endpoint);
    if (checks) {
      tellAvailable(context_, settings_->id, endpoint, UnavailableCause::HealthCheck);
    }
  }
}

void Availability::countCheck(bool success) noexcept {
  cells_.add(ClusterCell::kHealthChecks, 1);
  if (!success) {
    cells_.add(ClusterCell::kHealthCheckFailures, 1);
  }
}

void Availability::checked(Endpoint& endpoint, const base::Error* error, base::Duration again) {
  endpoint.shared->unhealthy.store(error != nullptr, std::memory_order_relaxed);
  if (error == nullptr) {
    tellAvailable(context_, settings_->id, endpoint, UnavailableCause::HealthCheck);
  } else {
    tellUnavailable(context_, settings_->id, endpoint,
                    {.cause = UnavailableCause::HealthCheck, .error = *error}, again);
  }
  setUnhealthy(endpoint, error != nullptr);
  context_.healthPeers->healthChanged(settings_->id, endpoint.id);
}

void Availability::adoptHealth(Endpoint& endpoint) {
  if (!endpoint.removed && endpoint.shared != nullptr && settings_->healthCheck) {
    setUnhealthy(endpoint, endpoint.shared->unhealthy.load(std::memory_order_relaxed));
  }
}

void Availability::setUnhealthy(Endpoint& endpoint, bool unhealthy) {
  if (endpoint.unhealthy == unhealthy) {
    return;
  }
  change(endpoint, [&endpoint, unhealthy] { endpoint.unhealthy = unhealthy; });
  if (endpoint.usable()) {
    endpoint.comeBack(context_.loop.now(), settings_->balancer.rttDefault);
  }
  update();
  exclude(endpoint);
  balancer_->loadChanged(endpoint);
}

}  // namespace weft::upstream
