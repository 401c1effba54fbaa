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
#include "base/ids.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_target.h"
#include "os/loop.h"
#include "os/timer_wheel.h"
#include "proxy/connection_view.h"
#include "proxy/connections.h"
#include "proxy/context.h"
#include "proxy/local_reply.h"
#include "proxy/mirror.h"
#include "proxy/request_counters.h"
#include "proxy/rewrite.h"
#include "proxy/router.h"
#include "snapshot/cluster.h"
#include "snapshot/route.h"
#include "telemetry/close_reason.h"
#include "transport/side.h"
#include "upstream/cluster_runtime.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_pool.h"  // IWYU pragma: keep
#include "upstream/http_client.h"
#include "upstream/http_memory.h"
#include "upstream/wait_queue.h"

namespace weft::proxy {

using telemetry::CloseReason;

namespace {

/// A request that is longer goes to one connection only.
constexpr std::size_t kKeptBytesMax = std::size_t{64} * 1024;

/// A long response is counted in such pieces while it goes on.
constexpr std::uint64_t kCountedBytesMin = std::uint64_t{1} * 1024 * 1024;

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
      mirror_(parts.mirror),
      delay_(parts.delay),
      direction_(parts.direction) {
  cluster_.addRequest();
}

upstream::Context& Exchange::context() const noexcept {
  return connections_.context().upstream;
}

// ---- the request ----

void Exchange::start(const codec::H1Request& request) noexcept {
  idempotent_ = isIdempotent(request.head.method.in(request.held));
  startedAt_ = context().loop.now();
  if (mirror_ != nullptr) {
    if (!keep(request)) {
      failWithoutMemory();
    }
    return;
  }
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
  bodies_.request += bytes.size();
  if (!mirrors_.empty()) {
    mirrorBody(bytes);
  }
  if (!kept_.empty() && (kept_.size() + bytes.size() > kKeptBytesMax ||
                         !context().http.buffers.append(kept_, bytes))) {
    kept_.release();
  }
  if (mirror_ != nullptr) {
    if (kept_.empty()) {
      failWithoutMemory();
    }
    return;
  }
  if (!client_->sendBody(bytes)) {
    failWithoutMemory();
  }
}

/// What was never here cannot be sent again.
std::size_t Exchange::spliceBody(transport::Side& from, std::uint64_t bytesMax) noexcept {
  const std::size_t bytes = wantsBody() ? client_->spliceBody(from, bytesMax) : 0;
  bodies_.request += bytes;
  if (bytes > 0) {
    kept_.release();
    leaveMirrors();
  }
  return bytes;
}

void Exchange::requestEnd(const codec::H1Trailers& trailers) noexcept {
  requestEnded_ = true;
  if (mirror_ != nullptr) {
    sendMirror();
    return;
  }
  if (!mirrors_.empty()) {
    mirrorEnd();
  }
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
  cluster_.requestEnded(*endpoint_, !isServerError(head.status));
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
  bodies_.response += bytes.size();
  downstream_.onResponseBody(bytes);
}

std::size_t Exchange::spliceResponse(transport::Side& from, std::uint64_t bytesMax) noexcept {
  const std::size_t bytes = downstream_.spliceResponse(from, bytesMax);
  bodies_.response += bytes;
  return bytes;
}

void Exchange::onResponseEnd(const codec::H1Trailers& trailers) noexcept {
  downstream_.onResponseEnd(trailers);
}

void Exchange::onResponseRead() noexcept {
  if (bodies_.response >= kCountedBytesMin) {
    countBodies();
  }
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

// ---- ending ----

void Exchange::leaveEndpoint() noexcept {
  if (upstream::Endpoint* endpoint = std::exchange(endpoint_, nullptr)) {
    cluster_.endRequest(*endpoint);
  }
}

void Exchange::fail(CloseReason reason, int sysErrno) noexcept {
  if (upstream::HttpClient* client = std::exchange(client_, nullptr)) {
    client->close(true);
  }
  leaveQueue();
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
  leaveMirrors();
  if (upstream::HttpClient* client = std::exchange(client_, nullptr)) {
    client->close(true);
  }
  if (responseBegun_ && bodies_.request + bodies_.response > 0) {
    countBodies();
  }
  leaveEndpoint();
  leaveQueue();
  cluster_.removeRequest();
  kept_.release();
  os::Timer::cancel();
  context().loop.retire(*this);
}

// ---- counters and views ----

RequestState Exchange::state() const noexcept {
  if (responseBegun_) {
    return RequestState::Responding;
  }
  if (upstream::Waiter::linked()) {
    return RequestState::Queued;
  }
  if (client_ == nullptr) {
    return RequestState::Delayed;
  }
  return client_->connecting() ? RequestState::Connecting : RequestState::Sent;
}

RequestLabels Exchange::labels() const noexcept {
  return {.direction = direction_,
          .cluster = cluster_.settings().id,
          .endpoint = endpoint_ == nullptr ? base::EndpointId{} : endpoint_->id,
          .route = route_.rule() == nullptr ? base::RouteId{} : route_.rule()->id};
}

void Exchange::countRequest(std::size_t cell) noexcept {
  if (mirror_ == nullptr) {
    proxy::countRequest(context().cellTable, labels(), cell);
  }
}

/// Once for each exchange that was not given up by who asked.
void Exchange::countResponse(std::uint32_t status, bool whole) noexcept {
  if (mirror_ == nullptr) {
    proxy::countResponse(context().cellTable, labels(), status, whole,
                         context().loop.now() - startedAt_, std::exchange(bodies_, {}));
  }
}

/// What of a response that is not over has gone on.
void Exchange::countBodies() noexcept {
  const BodyBytes bodies = std::exchange(bodies_, {});
  if (mirror_ == nullptr) {
    proxy::countBodies(context().cellTable, labels(), status_, bodies);
  }
}

std::size_t Exchange::writeProxyHeader(snapshot::ProxyVersion version,
                                       base::MutableBytes into) noexcept {
  return downstream_.writeProxyHeader(version, into);
}

void Exchange::dispose() noexcept {
  connections_.freeExchange(*this);
}

}  // namespace weft::proxy
