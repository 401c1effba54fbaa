// Requests of a cluster, whose connections outlive them: who serves one, what waits for a
// connection where a limit stands against it, and which are tried again.
#include <utility>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"
#include "upstream/cluster_errors.h"
#include "upstream/cluster_runtime.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_pool.h"  // IWYU pragma: keep
#include "upstream/retry_budget.h"
#include "upstream/wait_queue.h"

namespace weft::upstream {

using snapshot::Direction;
using telemetry::ClusterCell;

// ---- requests ----

base::Result<Endpoint*> ClusterRuntime::beginRequest(const PickRequest& request,
                                                     Direction direction) {
  if (failsFast()) {
    cells_.add(ClusterCell::kFailedFast, 1);
    return errors::kFailFast;
  }
  Endpoint* endpoint = pick(request);
  if (endpoint == nullptr) {
    return errors::kNoEndpoint;
  }
  if (!endpoint->availableAt(context_.loop.now())) {
    const bool excluded = endpoint->excluded() && !inPanic();
    return excluded ? errors::kNoEndpoint : errors::kEndpointLimit;
  }
  beginRequestAt(*endpoint, direction);
  return endpoint;
}

void ClusterRuntime::beginRequestAt(Endpoint& endpoint, Direction direction) {
  addLoad(endpoint);
  useCells(endpoint, direction);
}

void ClusterRuntime::endRequest(Endpoint& endpoint) {
  WEFT_ASSERT(endpoint.loadNow > 0);
  --endpoint.loadNow;
  if (!endpoint.removed) {
    balancer_->loadChanged(endpoint);
  }
}

void ClusterRuntime::responded(Endpoint& endpoint, base::Duration responseTime) {
  endpoint.responseTime.observe(responseTime, context_.loop.now(), settings_->balancer.decay);
}

void ClusterRuntime::countRetriable() noexcept {
  retries_.countRequest(context_.loop.now());
}

bool ClusterRuntime::takeRetry() noexcept {
  const snapshot::HttpCluster& http = settings_->http;
  return retries_.takeRetry(context_.loop.now(), {.sharePercent = http.retrySharePercent,
                                                  .perSecondMin = http.retriesPerSecondMin});
}

// ---- a connection for one ----

const base::Error* ClusterRuntime::reserve(Endpoint& endpoint, Direction direction) {
  if (!pending_.enter()) {
    return &errors::kPendingLimit;
  }
  const base::Error* refusal = enterConnection(endpoint, direction);
  if (refusal != nullptr) {
    pending_.leave();
    return refusal;
  }
  cells_.set(ClusterCell::kPendingNow, pending_.now());
  return nullptr;
}

void ClusterRuntime::unreserve(Endpoint& endpoint) {
  endConnect();
  releaseConnection(endpoint);
}

void ClusterRuntime::countFull(Endpoint& endpoint) {
  availability_.setFull(endpoint, context_.loop.now() + kFullFor);
}

bool ClusterRuntime::makeRoom(base::ErrorCode limit, Endpoint& endpoint) {
  if (limit == base::ErrorCode::EndpointLimit) {
    return closeIdleOf(endpoint);
  }
  Endpoint* const other = limit == base::ErrorCode::ClusterLimit ? withIdle() : nullptr;
  return other != nullptr && closeIdleOf(*other);
}

Endpoint* ClusterRuntime::withIdle() {
  Endpoint* found = nullptr;
  askSome([&](Endpoint& endpoint) {
    if (endpoint.pool != nullptr && !endpoint.pool->empty() &&
        endpoint.availableAt(context_.loop.now())) {
      found = &endpoint;
    }
    return found == nullptr;
  });
  return found;
}

bool ClusterRuntime::closeIdleOf(Endpoint& endpoint) {
  return endpoint.pool != nullptr && endpoint.pool->closeOldest();
}

// ---- waiting for one ----

bool ClusterRuntime::enqueue(Waiter& waiter, const base::Error& why) {
  if (queue_.count() >= settings_->http.queueMax) {
    return false;
  }
  queue_.push(waiter, why);
  cells_.add(ClusterCell::kQueued, 1);
  cells_.set(ClusterCell::kQueuedNow, queue_.count());
  return true;
}

void ClusterRuntime::dequeue(Waiter& waiter) {
  queue_.remove(waiter);
  cells_.set(ClusterCell::kQueuedNow, queue_.count());
}

void ClusterRuntime::onStillWaiting() noexcept {
  if (context_.waitPeers != nullptr) {
    context_.waitPeers->connectionWanted(settings_->id);
  }
}

void ClusterRuntime::giveConnection() {
  Endpoint* endpoint = withIdle();
  if (endpoint == nullptr || !closeIdleOf(*endpoint)) {
    givesUntil_ = context_.loop.now() + kFullFor;
  }
}

bool ClusterRuntime::givesAway() noexcept {
  return std::exchange(givesUntil_, base::TimePoint{}) > context_.loop.now();
}

}  // namespace weft::upstream
