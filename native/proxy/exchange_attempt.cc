// An attempt of an exchange: which endpoint serves it, over which connection, and the wait for one
// where a limit stands against it.
#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "codec/h1_forward.h"
#include "os/loop.h"
#include "proxy/exchange.h"
#include "snapshot/cluster.h"
#include "telemetry/cell_table.h"
#include "telemetry/close_reason.h"
#include "upstream/cluster_errors.h"
#include "upstream/cluster_runtime.h"
#include "upstream/connect_close_reason.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_pool.h"  // IWYU pragma: keep
#include "upstream/http_client.h"
#include "upstream/http_memory.h"
#include "upstream/wait_queue.h"

namespace weft::proxy {

using telemetry::CloseReason;
using upstream::errors::isLimit;

namespace {

/// Endpoints without room that one look for a connection finds out.
constexpr std::uint32_t kLimitsMetMax = 64;

}  // namespace

// ---- choosing ----

/// Chooses an endpoint and sends the request there, or waits for a connection. Null: the request is
/// the one that was kept.
void Exchange::next(const codec::H1Request* request) noexcept {
  const auto lack = cluster_.queues() ? std::optional(cluster_.queuesFor()) : choose();
  if (!lack) {
    begin(request);
  } else if (!isLimit(lack->code)) {
    failWithout(*lack);
  } else if (request == nullptr || keep(*request)) {
    queue(*lack);
  } else {
    failWithoutMemory();
  }
}

/// An endpoint, and an idle connection to it or leave to make one; else, why there is none.
std::optional<base::Error> Exchange::choose() noexcept {
  std::optional<base::Error> limit;
  for (std::uint32_t met = 0; met < kLimitsMetMax; ++met) {
    const auto picked = pick();
    if (!picked.ok()) {
      return picked.error();
    }
    endpoint_ = picked.value();
    if (takeIdle()) {
      return std::nullopt;
    }
    const base::Error* refusal = cluster_.reserve(*endpoint_, direction_);
    if (refusal == nullptr) {
      return std::nullopt;
    }
    limit = *refusal;
    upstream::Endpoint& full = *endpoint_;
    leaveEndpoint();
    if (takesAnother(refusal->code)) {
      return std::nullopt;
    }
    if (cluster_.makeRoom(refusal->code, full)) {
      continue;
    }
    if (refusal->code != base::ErrorCode::EndpointLimit) {
      break;
    }
    cluster_.countFull(full);
  }
  return limit;
}

/// One that was not tried, while there is one.
base::Result<upstream::Endpoint*> Exchange::pick() {
  upstream::PickRequest wanted{
      .tried = std::span(tried_).first(triedCount_), .key = key_, .forRequest = true};
  auto picked = cluster_.beginRequest(wanted, direction_);
  if (!picked.ok() && retryCount_ > 0 && triedCount_ > 0 &&
      picked.error().code == base::ErrorCode::NoEndpoint) {
    triedCount_ = 0;
    wanted.tried = {};
    picked = cluster_.beginRequest(wanted, direction_);
  }
  return picked;
}

bool Exchange::takeIdle() noexcept {
  if (endpoint_->pool != nullptr && !freshOnly_) {
    client_ = endpoint_->pool->take(direction_, target_, !idempotent_);
  }
  return client_ != nullptr;
}

/// Where no connection more may be made, a connection to another endpoint is better than none,
/// unless the choice depends on the request.
bool Exchange::takesAnother(base::ErrorCode limit) noexcept {
  if (limit == base::ErrorCode::EndpointLimit || freshOnly_ ||
      snapshot::needsKey(cluster_.settings().balancer.type)) {
    return false;
  }
  upstream::Endpoint* const other = cluster_.withIdle();
  if (other == nullptr) {
    return false;
  }
  cluster_.beginRequestAt(*other, direction_);
  endpoint_ = other;
  if (!takeIdle()) {
    leaveEndpoint();
    return false;
  }
  return true;
}

// ---- waiting for a connection ----

void Exchange::queue(const base::Error& why) noexcept {
  if (!cluster_.enqueue(*this, why)) {
    failWithout(why);
    return;
  }
  lack_ = why;
  attemptBy_ = base::TimePoint::max();
  headBy_ = base::TimePoint::max();
  queueBy_ = context().loop.now() + cluster_.settings().http.queueTimeout;
  armTimer();
}

bool Exchange::onTurn() noexcept {
  const auto lack = choose();
  if (lack && isLimit(lack->code)) {
    lack_ = *lack;
    return false;
  }
  leaveQueue();
  if (lack) {
    failWithout(*lack);
  } else {
    begin(nullptr);
    goOn();
  }
  return true;
}

void Exchange::leaveQueue() noexcept {
  if (upstream::Waiter::linked()) {
    cluster_.dequeue(*this);
    queueBy_ = base::TimePoint::max();
    armTimer();
  }
}

/// Why the last one failed says more than that there is no other.
void Exchange::failWithout(const base::Error& lack) noexcept {
  if (isLimit(lack.code)) {
    cluster_.refuse(lack);
  }
  countOnce();
  if (lack.code == base::ErrorCode::NoEndpoint && triedCount_ > 0) {
    fail(lastReason_, lastErrno_);
  } else {
    fail(upstream::connectCloseReason(lack), lack.sysErrno);
  }
}

// ---- sending ----

/// The endpoint is chosen.
void Exchange::begin(const codec::H1Request* request) noexcept {
  countOnce();
  beginAttempt();
  if (client_ != nullptr) {
    // It has left the pool, whatever comes of the request.
    client_->use(*this);
  }
  // A connection that has served before may be dying just now.
  const bool kept = request == nullptr ||
                    (client_ != nullptr && !idempotent_ && retry_ == nullptr) || keep(*request);
  if (!kept) {
    if (client_ == nullptr) {
      cluster_.unreserve(*endpoint_);
    }
    failWithoutMemory();
  } else if (client_ == nullptr) {
    connect();
  } else if (request == nullptr) {
    sendKept();
  } else {
    send(*request);
  }
}

void Exchange::countOnce() noexcept {
  if (!std::exchange(counted_, true)) {
    countRequest(telemetry::HttpRequestCell::kRequests);
  }
}

void Exchange::connect() noexcept {
  ++attemptCount_;
  client_ = context().http.clients.make(context(), cluster_, *endpoint_, direction_, target_);
  if (client_ == nullptr) {
    cluster_.unreserve(*endpoint_);
    fail(CloseReason::ResourcesExhausted, ENOMEM);
    return;
  }
  client_->connect(*this, attemptCount_ > 1);
}

void Exchange::onClientReady() noexcept {
  connectUs_ = client_->connectUs();
  sendKept();
  if (retry_ == nullptr) {
    kept_.release();
  }
  flush();
  if (client_ != nullptr) {
    downstream_.onBodyWanted();
  }
}

/// What was kept goes to another connection.
void Exchange::sendAgain() noexcept {
  next(nullptr);
  goOn();
}

/// The rest of a body that has not come whole is wanted as soon as there is somebody who takes it.
void Exchange::goOn() noexcept {
  flush();
  if (!requestEnded_ && wantsBody()) {
    downstream_.onBodyWanted();
  }
}

}  // namespace weft::proxy
