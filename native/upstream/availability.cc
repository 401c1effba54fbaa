#include "upstream/availability.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "snapshot/cluster.h"
#include "telemetry/cell_table.h"
#include "telemetry/close_reason.h"
#include "telemetry/event.h"
#include "upstream/balancer.h"
#include "upstream/connect_close_reason.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_state.h"

namespace weft::upstream {

namespace {

using telemetry::ClusterCell;
using telemetry::EndpointTcpCell;
using telemetry::UnavailableCause;

/// The doubling of the back-off ends here at the latest.
constexpr std::uint32_t kDoublingsMax = 20;

/// An endpoint that is excluded becomes available by an event, never by time alone.
constexpr base::TimePoint kNever = base::TimePoint::max();

Endpoint& asEndpoint(EndpointState& state) noexcept {
  return static_cast<Endpoint&>(state);
}

}  // namespace

// ---- settings and members ----

void Availability::apply(const snapshot::Cluster& settings, std::span<EndpointState* const> members,
                         Balancer& balancer) {
  settings_ = &settings;
  members_ = members;
  balancer_ = &balancer;
  if (!settings.ejection) {
    for (EndpointState* member : members_) {
      removed(asEndpoint(*member));
    }
  }
  recount();
  for (EndpointState* member : members_) {
    exclude(*member);
  }
  update();
}

void Availability::removed(Endpoint& endpoint) {
  if (endpoint.readmission != nullptr) {
    endpoint.readmission->stop();
  }
  if (endpoint.failing) {
    tell(endpoint, nullptr, {});
  }
  endpoint.failing = false;
  endpoint.ejected = false;
  endpoint.failureCount = 0;
  endpoint.earlyCloseCount = 0;
  endpoint.unavailableUntil = {};
}

/// Fewer members or a smaller share may mean that too many are ejected.
void Availability::recount() {
  ejectedNow_ = 0;
  excludedNow_ = 0;
  usableNow_ = 0;
  const std::uint32_t max = ejectedMax();
  for (EndpointState* member : members_) {
    member->ejected = member->ejected && ejectedNow_ < max;
    ejectedNow_ += member->ejected ? 1 : 0;
    excludedNow_ += member->excluded() ? 1 : 0;
    usableNow_ += member->usable() ? 1 : 0;
  }
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

void Availability::answered(Endpoint& endpoint) {
  endpoint.earlyCloseCount = 0;
  if (endpoint.failing && endpoint.cause == UnavailableCause::EarlyCloses) {
    readmit(endpoint);
  }
}

// ---- ejection ----

void Availability::fail(Endpoint& endpoint, const snapshot::Ejection& ejection,
                        const Cause& cause) {
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
  endpoint.failing = true;
  endpoint.cause = cause.cause;
  --usableNow_;
  eject(endpoint);
  tell(endpoint, &cause, ejection.baseTime);
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
  endpoint.ejected = true;
  ++ejectedNow_;
  ++excludedNow_;
  cells_.add(endpoint.cause == UnavailableCause::ConnectFailures
                 ? ClusterCell::kEjectionsByFailures
                 : ClusterCell::kEjectionsByEarlyCloses,
             1);
  exclude(endpoint);
}

void Availability::readmit(Endpoint& endpoint) {
  endpoint.failing = false;
  endpoint.failureCount = 0;
  endpoint.earlyCloseCount = 0;
  endpoint.readmittedAt = context_.loop.now();
  endpoint.slowStartFrom = context_.loop.now();
  ++usableNow_;
  if (std::exchange(endpoint.ejected, false)) {
    --ejectedNow_;
    --excludedNow_;
  }
  tell(endpoint, nullptr, {});
  update();
  exclude(endpoint);
  balancer_->loadChanged(endpoint);
}

// ---- panic ----

/// After each change of the counts.
void Availability::update() {
  cells_.set(ClusterCell::kEjectedNow, ejectedNow_);
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

Readmission::Readmission(Context& context, Availability& availability, Endpoint& endpoint) noexcept
    : availability_(availability), endpoint_(endpoint), probe_(context, endpoint.address, *this) {}

void Readmission::onProbed(const base::Error* error) noexcept {
  availability_.probed(endpoint_, error);
}

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

// ---- telling ----

/// Why it is unavailable; null: it is available again.
void Availability::tell(Endpoint& endpoint, const Cause* cause, base::Duration backoff) {
  for (telemetry::Cells& cells : endpoint.cells) {
    if (cells.size() > 0) {
      cells.set(EndpointTcpCell::kUnavailableNow, cause == nullptr ? 0 : 1);
    }
  }
  const std::string address = endpoint.address.toString();
  const std::array<std::string_view, 1> fields = {address};
  std::array<std::uint64_t, 6> numbers = {settings_->id.number, endpoint.id.number};
  if (cause != nullptr) {
    numbers[2] = static_cast<std::uint64_t>(cause->error.sysErrno);
    numbers[3] = static_cast<std::uint64_t>(cause->cause == UnavailableCause::EarlyCloses
                                                ? telemetry::CloseReason::UpstreamReset
                                                : connectCloseReason(cause->error));
    numbers[4] = base::wholeMilliseconds(backoff);
    numbers[5] = static_cast<std::uint64_t>(cause->cause);
  }
  context_.events.emit(
      {.kind = cause == nullptr ? telemetry::EventKind::EndpointAvailable
                                : telemetry::EventKind::EndpointUnavailable,
       .wallUs = context_.loop.wallUs(),
       .numbers = std::span<const std::uint64_t>(numbers).first(cause == nullptr ? 2 : 6),
       .fields = fields});
}

}  // namespace weft::upstream
