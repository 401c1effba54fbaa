// How long the parts of an exchange may take, and what is tried again after an attempt that failed.
#include <algorithm>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "codec/h1_head.h"
#include "os/loop.h"
#include "os/timer_wheel.h"
#include "proxy/exchange.h"
#include "proxy/retry.h"
#include "snapshot/cluster.h"
#include "snapshot/route.h"
#include "telemetry/cell_table.h"
#include "telemetry/close_reason.h"
#include "upstream/cluster_runtime.h"
#include "upstream/connector.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/http_client.h"

namespace weft::proxy {

using telemetry::CloseReason;

// ---- timeouts ----

void Exchange::beginTimeouts() noexcept {
  const snapshot::HttpRule& rule = *route_.rule();
  if (const auto& retry = rule.retry; retry && (idempotent_ || retry->anyMethod)) {
    retry_ = &*retry;
    cluster_.countRetriable();
  }
  if (rule.timeouts.request) {
    requestBy_ = startedAt_ + *rule.timeouts.request;
    armTimer();
  }
}

void Exchange::beginAttempt() noexcept {
  if (const snapshot::HttpRule* rule = route_.rule()) {
    if (const auto timeout = rule->timeouts.backendRequest) {
      attemptBy_ = context().loop.now() + *timeout;
      armTimer();
    }
  }
}

/// The request has ended; once for each attempt.
void Exchange::awaitHead() noexcept {
  const snapshot::HttpRule* const rule = route_.rule();
  if (rule != nullptr && endpoint_ != nullptr && !responseBegun_) {
    const auto timeout = rule->timeouts.responseHead;
    if (timeout && headBy_ == base::TimePoint::max()) {
      headBy_ = context().loop.now() + *timeout;
      armTimer();
    }
  }
}

/// For the first of what is due.
void Exchange::armTimer() noexcept {
  const base::TimePoint due = std::min({nextAt_, queueBy_, requestBy_, attemptBy_, headBy_});
  if (due == base::TimePoint::max()) {
    os::Timer::cancel();
  } else {
    context().loop.arm(*this, std::max(due - context().loop.now(), base::Duration::zero()));
  }
}

// ---- an attempt has failed ----

void Exchange::onClientFailed(const upstream::ClientFailure& failure) noexcept {
  client_ = nullptr;
  if (failure.connected && !failure.reused && !responseBegun_ && !failure.exhausted) {
    cluster_.requestEnded(*endpoint_, false);
  }
  if (replays(failure)) {
    leaveEndpoint();
    sendAgain();
  } else if (failure.connected && !failure.exhausted && retry_ != nullptr && retry_->onReset &&
             !failure.responseBegun && mayRetry()) {
    retryAfter(backoff(*retry_, retryCount_, context().random));
  } else {
    fail(failure.reason, failure.sysErrno);
  }
}

/// Where nothing was sent, another endpoint is as good. What a connection that had served before
/// died of may have been its age (RFC 9112 9.3.1).
bool Exchange::replays(const upstream::ClientFailure& failure) noexcept {
  if (failure.exhausted || responseBegun_ || failure.responseBegun || kept_.empty()) {
    return false;
  }
  if (!failure.connected) {
    noteTried();
    lastReason_ = failure.reason;
    lastErrno_ = failure.sysErrno;
    return ++failedConnects_ <
           std::min(cluster_.settings().connectAttemptsMax, upstream::Connector::kAttemptsMax);
  }
  freshOnly_ = true;
  const bool again = failure.reused && idempotent_;
  if (again) {
    countRequest(telemetry::HttpRequestCell::kReplays);
  }
  return again;
}

// ---- trying again as the route says ----

/// Counts it, if it may. What was sent must be there whole, and nothing of a response have gone on.
bool Exchange::mayRetry() noexcept {
  if (responseBegun_ || !requestEnded_ || kept_.empty() || retryCount_ >= retry_->attemptsMax) {
    return false;
  }
  if (!cluster_.takeRetry()) {
    countRequest(telemetry::HttpRequestCell::kRetriesDenied);
    return false;
  }
  ++retryCount_;
  countRequest(telemetry::HttpRequestCell::kRetries);
  return true;
}

bool Exchange::retriesResponse(std::string_view held, const codec::H1Head& head) noexcept {
  if (!retriesStatus(*retry_, head.status)) {
    return false;
  }
  // Who wants to be left alone for longer is not asked again.
  const auto asked = proxy::retryAfter(head.fieldsIn(held));
  if (asked.value_or(base::Duration::zero()) > retry_->backoffMax || !mayRetry()) {
    return false;
  }
  std::exchange(client_, nullptr)->close(true);
  retryAfter(std::max(asked.value_or(base::Duration::zero()),
                      backoff(*retry_, retryCount_, context().random)));
  return true;
}

/// More than there is room for are not remembered: they may be picked again.
void Exchange::noteTried() noexcept {
  if (triedCount_ < tried_.size()) {
    tried_.at(triedCount_++) = endpoint_->id;
  }
}

/// On another endpoint, if there is one.
void Exchange::retryAfter(base::Duration delay) noexcept {
  noteTried();
  failedConnects_ = 0;
  leaveEndpoint();
  measured_ = false;
  attemptBy_ = base::TimePoint::max();
  headBy_ = base::TimePoint::max();
  nextAt_ = context().loop.now() + delay;
  armTimer();
}

void Exchange::onTimer() noexcept {
  const base::TimePoint now = context().loop.now();
  if (now >= requestBy_) {
    fail(CloseReason::ResponseTimeout, 0);
  } else if (now >= nextAt_) {
    nextAt_ = base::TimePoint::max();
    armTimer();
    sendAgain();
  } else if (now >= queueBy_) {
    leaveQueue();
    failWithout(lack_);
  } else if (now >= std::min(attemptBy_, headBy_)) {
    attemptTimedOut();
  } else {
    armTimer();
  }
}

void Exchange::attemptTimedOut() noexcept {
  if (endpoint_ != nullptr && !responseBegun_) {
    cluster_.requestEnded(*endpoint_, false);
  }
  if (retry_ != nullptr && retry_->onTimeout && mayRetry()) {
    if (upstream::HttpClient* client = std::exchange(client_, nullptr)) {
      client->close(true);
    }
    retryAfter(backoff(*retry_, retryCount_, context().random));
  } else {
    fail(CloseReason::ResponseTimeout, 0);
  }
}

}  // namespace weft::proxy
