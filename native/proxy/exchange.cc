#include "proxy/exchange.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/result.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_target.h"
#include "os/loop.h"
#include "os/timer_wheel.h"
#include "proxy/connections.h"
#include "proxy/context.h"
#include "proxy/local_reply.h"
#include "proxy/request_counters.h"
#include "proxy/retry.h"
#include "proxy/rewrite.h"
#include "proxy/router.h"
#include "snapshot/cluster.h"
#include "snapshot/route.h"
#include "telemetry/cell_table.h"
#include "telemetry/close_reason.h"
#include "transport/side.h"
#include "upstream/cluster_runtime.h"
#include "upstream/connect_close_reason.h"
#include "upstream/connector.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_pool.h"  // IWYU pragma: keep
#include "upstream/http_client.h"
#include "upstream/http_memory.h"

namespace weft::proxy {

using telemetry::CloseReason;

namespace {

/// Statuses from here on are failures of the server.
constexpr std::uint16_t kServerErrors = 500;

/// A request that is longer goes to one connection only.
constexpr std::size_t kKeptBytesMax = std::size_t{64} * 1024;

/// RFC 9110 9.2.2.
constexpr std::array<std::string_view, 6> kIdempotent = {"GET",   "HEAD", "OPTIONS",
                                                         "TRACE", "PUT",  "DELETE"};

bool isIdempotent(std::string_view method) noexcept {
  return std::ranges::find(kIdempotent, method) != kIdempotent.end();
}

}  // namespace

Exchange::Exchange(Connections& connections, ExchangeDownstream& downstream, Parts&& parts) noexcept
    : connections_(connections),
      downstream_(downstream),
      cluster_(*parts.cluster),
      target_(parts.target),
      key_(parts.key),
      route_(std::move(parts.route)),
      added_(std::move(parts.added)),
      delay_(parts.delay),
      direction_(parts.direction) {}

upstream::Context& Exchange::context() const noexcept {
  return connections_.context().upstream;
}

// ---- the request ----

void Exchange::start(const codec::H1Request& request) noexcept {
  idempotent_ = isIdempotent(request.head.method.in(request.held));
  startedAt_ = context().loop.now();
  if (route_.rule() != nullptr) {
    beginTimeouts();
  }
  if (delay_ == base::Duration::zero()) {
    next(&request);
  } else if (keep(request)) {
    nextAt_ = startedAt_ + delay_;
    armTimer();
  } else {
    failWithoutMemory();
  }
}

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
  if (const snapshot::HttpRule* rule = route_.rule(); rule != nullptr && !responseBegun_) {
    const auto timeout = rule->timeouts.responseHead;
    if (timeout && headBy_ == base::TimePoint::max()) {
      headBy_ = context().loop.now() + *timeout;
      armTimer();
    }
  }
}

/// For the first of what is due.
void Exchange::armTimer() noexcept {
  const base::TimePoint due = std::min({nextAt_, requestBy_, attemptBy_, headBy_});
  if (due == base::TimePoint::max()) {
    os::Timer::cancel();
  } else {
    context().loop.arm(*this, std::max(due - context().loop.now(), base::Duration::zero()));
  }
}

/// Chooses an endpoint and sends the request there, or waits for a connection. Null: the request is
/// the one that was kept.
void Exchange::next(const codec::H1Request* request) noexcept {
  const auto picked = pick();
  endpoint_ = picked.ok() ? picked.value() : nullptr;
  if (!std::exchange(counted_, true)) {
    countRequest(telemetry::HttpRequestCell::kRequests);
  }
  if (endpoint_ == nullptr) {
    // Why the last one failed says more than that there is no other.
    if (picked.error().code == base::ErrorCode::NoEndpoint && triedCount_ > 0) {
      fail(lastReason_, lastErrno_);
    } else {
      fail(upstream::connectCloseReason(picked.error()), picked.error().sysErrno);
    }
    return;
  }
  beginAttempt();
  if (endpoint_->pool != nullptr && !freshOnly_) {
    client_ = endpoint_->pool->take(direction_, target_, !idempotent_);
  }
  // A connection that has served before may be dying just now.
  const bool kept = request == nullptr ||
                    (client_ != nullptr && !idempotent_ && retry_ == nullptr) || keep(*request);
  if (!kept) {
    failWithoutMemory();
    return;
  }
  if (client_ == nullptr) {
    connect();
    return;
  }
  client_->use(*this);
  if (request == nullptr) {
    sendKept();
  } else {
    send(*request);
  }
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

/// What was kept. The rest of a body that has not come whole is wanted as soon as there is somebody
/// who takes it.
void Exchange::sendAgain() noexcept {
  next(nullptr);
  flush();
  if (!requestEnded_ && wantsBody()) {
    downstream_.onBodyWanted();
  }
}

void Exchange::connect() noexcept {
  ++attemptCount_;
  client_ = context().http.clients.make(context(), cluster_, *endpoint_, direction_, target_);
  if (client_ == nullptr) {
    fail(CloseReason::ResourcesExhausted, ENOMEM);
    return;
  }
  client_->connect(*this, attemptCount_ > 1);
}

bool Exchange::keep(const codec::H1Request& request) noexcept {
  keptHeadBytes_ = request.head.bytes;
  keptHost_ = request.defaultHost;
  return context().http.buffers.append(kept_,
                                       base::bytesOf(request.held.substr(0, keptHeadBytes_)));
}

void Exchange::send(codec::H1Request request) noexcept {
  sentAt_ = context().loop.now();
  if (!rewrite(request) || !client_->sendHead(request)) {
    failWithoutMemory();
  }
}

/// False when there is no memory.
bool Exchange::rewrite(codec::H1Request& request) noexcept {
  if (added_ != nullptr) {
    request.added = base::textOf(added_->lines.unread());
    request.replaced = &added_->replaced;
  }
  if (route_.backend == nullptr) {
    return true;
  }
  request.edits = &route_.backend->requestHeaders;
  const auto& wanted = route_.rule()->rewrite;
  if (!wanted || !request.target.path.starts_with('/')) {
    return true;
  }
  request.host = wanted->hostname;
  if (!wanted->path) {
    return true;
  }
  const RewrittenPath path = rewritePath(*wanted->path, request.target.path,
                                         route_.router->table().prefixBytes(route_.match));
  path_.release();
  for (const std::string_view piece : {path.before, path.behind}) {
    if (!piece.empty() && !context().http.buffers.append(path_, base::bytesOf(piece))) {
      return false;
    }
  }
  request.path = base::textOf(path_.unread());
  return true;
}

/// The head was read once already: it is whole and right.
void Exchange::sendKept() noexcept {
  upstream::HttpMemory& memory = context().http;
  const std::string_view kept = base::textOf(kept_.unread());
  const std::string_view held = kept.substr(0, keptHeadBytes_);
  codec::H1HeadReader reader(codec::H1Kind::Request,
                             {.headBytesMax = UINT32_MAX, .fieldsMax = UINT32_MAX});
  codec::H1Request request{
      .held = held, .head = memory.head, .target = {}, .framing = {}, .defaultHost = keptHost_};
  const bool whole =
      reader.advance(held, memory.head) == codec::H1Read::Whole &&
      codec::readRequestFraming(held, memory.head, request.framing) == codec::H1Fault::None &&
      codec::readTarget(memory.head.method.in(held), memory.head.target.in(held), request.target) ==
          codec::H1Fault::None;
  WEFT_CHECK(whole);
  send(request);
  const base::Bytes body = kept_.unread().subspan(keptHeadBytes_);
  if (client_ != nullptr && !body.empty() && !client_->sendBody(body)) {
    failWithoutMemory();
  }
  if (requestEnded_) {
    awaitHead();
  }
  if (client_ != nullptr && requestEnded_ && !client_->sendEnd({})) {
    failWithoutMemory();
  }
}

void Exchange::requestBody(base::Bytes bytes) noexcept {
  if (!kept_.empty() && (kept_.size() + bytes.size() > kKeptBytesMax ||
                         !context().http.buffers.append(kept_, bytes))) {
    kept_.release();
  }
  if (!client_->sendBody(bytes)) {
    failWithoutMemory();
  }
}

void Exchange::requestEnd(const codec::H1Trailers& trailers) noexcept {
  requestEnded_ = true;
  if (!trailers.fields.empty()) {
    kept_.release();
  }
  awaitHead();
  if (client_ != nullptr && !client_->connecting() && !client_->sendEnd(trailers)) {
    failWithoutMemory();
  }
}

void Exchange::flush() noexcept {
  if (client_ != nullptr && !client_->connecting()) {
    client_->flush();
  }
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

void Exchange::onRequestTaken() noexcept {
  downstream_.onBodyWanted();
}

// ---- the response ----

void Exchange::responded() noexcept {
  if (!std::exchange(measured_, true)) {
    cluster_.responded(*endpoint_, context().loop.now() - sentAt_);
  }
}

void Exchange::onInterim(std::string_view held, const codec::H1Head& head) noexcept {
  responded();
  kept_.release();
  downstream_.onInterim(held, head);
}

void Exchange::onResponseHead(std::string_view held, const codec::H1Head& head,
                              const codec::H1Framing& framing) noexcept {
  responded();
  cluster_.requestEnded(*endpoint_, head.status < kServerErrors);
  if (retry_ != nullptr && retriesResponse(held, head)) {
    return;
  }
  kept_.release();
  responseBegun_ = true;
  headBy_ = base::TimePoint::max();
  status_ = head.status;
  downstream_.onResponseHead(held, head, framing);
}

void Exchange::onResponseBody(base::Bytes bytes) noexcept {
  downstream_.onResponseBody(bytes);
}

std::size_t Exchange::spliceResponse(transport::Side& from, std::uint64_t bytesMax) noexcept {
  return downstream_.spliceResponse(from, bytesMax);
}

void Exchange::onResponseEnd(const codec::H1Trailers& trailers) noexcept {
  downstream_.onResponseEnd(trailers);
}

void Exchange::onResponseRead() noexcept {
  if (downstream_.flushResponse() && client_ != nullptr) {
    client_->pause();
  }
}

void Exchange::resume() noexcept {
  if (client_ != nullptr) {
    client_->resume();
  }
}

void Exchange::onClientDone() noexcept {
  client_ = nullptr;
  countResponse(status_, true);
  leaveEndpoint();
  downstream_.onExchangeOver();
}

void Exchange::onTunnel() noexcept {
  countResponse(status_, true);
  endpoint_ = nullptr;
  downstream_.onTunnel(std::exchange(client_, nullptr)->detach());
}

// ---- failing ----

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
    tried_.at(triedCount_++) = endpoint_->id;
    lastReason_ = failure.reason;
    lastErrno_ = failure.sysErrno;
    return triedCount_ <
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

/// On another endpoint, if there is one.
void Exchange::retryAfter(base::Duration delay) noexcept {
  if (triedCount_ < tried_.size()) {
    tried_.at(triedCount_++) = endpoint_->id;
  }
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

void Exchange::leaveEndpoint() noexcept {
  if (upstream::Endpoint* endpoint = std::exchange(endpoint_, nullptr)) {
    cluster_.endRequest(*endpoint);
  }
}

void Exchange::fail(CloseReason reason, int sysErrno) noexcept {
  if (upstream::HttpClient* client = std::exchange(client_, nullptr)) {
    client->close(true);
  }
  kept_.release();
  if (responseBegun_) {
    countResponse(status_, false);
  } else {
    giveUp(reason);
  }
  downstream_.onExchangeFailed(reason, sysErrno);
}

void Exchange::failWithoutMemory() noexcept {
  fail(CloseReason::BufferLimit, ENOMEM);
}

void Exchange::giveUp(CloseReason reason) noexcept {
  countResponse(localStatus(reason), true);
}

void Exchange::release() noexcept {
  if (upstream::HttpClient* client = std::exchange(client_, nullptr)) {
    client->close(true);
  }
  leaveEndpoint();
  kept_.release();
  os::Timer::cancel();
  context().loop.retire(*this);
}

// ---- counting ----

RequestLabels Exchange::labels() const noexcept {
  return {.direction = direction_,
          .cluster = cluster_.settings().id,
          .endpoint = endpoint_ == nullptr ? base::EndpointId{} : endpoint_->id,
          .route = route_.rule() == nullptr ? base::RouteId{} : route_.rule()->id};
}

void Exchange::countRequest(std::size_t cell) noexcept {
  proxy::countRequest(context().cellTable, labels(), cell);
}

/// Once for each exchange that was not given up by who asked.
void Exchange::countResponse(std::uint32_t status, bool whole) noexcept {
  proxy::countResponse(context().cellTable, labels(), status, whole,
                       context().loop.now() - startedAt_);
}

std::size_t Exchange::writeProxyHeader(snapshot::ProxyVersion version,
                                       base::MutableBytes into) noexcept {
  return downstream_.writeProxyHeader(version, into);
}

void Exchange::dispose() noexcept {
  connections_.freeExchange(*this);
}

}  // namespace weft::proxy
