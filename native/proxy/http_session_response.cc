// The half of a session that answers: what comes from the exchange, and what the proxy says itself.
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_fault.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_writer.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "proxy/connection.h"
#include "proxy/connections.h"
#include "proxy/exchange.h"
#include "proxy/http_session.h"
#include "proxy/local_reply.h"
#include "proxy/request_log.h"
#include "proxy/tcp_session.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"
#include "transport/h1_output.h"
#include "transport/outbox.h"
#include "transport/side.h"
#include "upstream/cluster_runtime.h"
#include "upstream/endpoint.h"
#include "upstream/head_intake.h"
#include "upstream/http_client.h"

namespace weft::proxy {

using telemetry::CloseReason;

namespace {

/// The rest of a body that is read and dropped so that the connection survives an answer.
constexpr std::uint64_t kDroppedBytesMax = std::uint64_t{64} * 1024;

}  // namespace

// ---- the response ----

void HttpSession::onInterim(std::string_view held, const codec::H1Head& head) noexcept {
  // RFC 9110 15.2: HTTP/1.0 knows none.
  if (minorVersion_ > 0) {
    sendHead({.held = held, .head = head, .framing = {}});
  }
}

void HttpSession::onResponseHead(std::string_view held, const codec::H1Head& head,
                                 const codec::H1Framing& framing) noexcept {
  responseBegun_ = true;
  noteEndpoint();
  if (log_ != nullptr) {
    log_->setStatus(head.status);
  }
  responseChunked_ = framing.body == codec::H1Body::Chunked && minorVersion_ > 0;
  const bool untilClose = framing.body == codec::H1Body::UntilClose ||
                          (framing.body == codec::H1Body::Chunked && minorVersion_ == 0);
  keepAlive_ = keepAlive_ && !untilClose && !draining_;
  sendHead({.held = held,
            .head = head,
            .framing = framing,
            .minorVersion = minorVersion_,
            .keepAlive = keepAlive_,
            .edits = exchange_->responseEdits(),
            .via = connection_.listener().settings().http.via,
            .cookie = exchange_->cookie()});
}

void HttpSession::sendHead(const codec::H1Response& response) noexcept {
  const bool fits = transport::addWritten(
      out_, context().buffers, codec::forwardedBytesMax(response),
      [&response](codec::H1Writer& writer) { codec::forwardResponse(response, writer); });
  if (!fits) {
    cut(CloseReason::BufferLimit);
  }
}

void HttpSession::onResponseBody(base::Bytes bytes) noexcept {
  bool fits = true;
  if (log_ != nullptr) {
    log_->addResponseBytes(bytes.size());
  }
  if (responseChunked_) {
    fits = transport::addChunk(out_, context().buffers, bytes);
  } else if (!out_.passes(bytes.size())) {
    fits = out_.add(context().buffers, bytes);
  } else {
    wrote(
        out_.pass(bytes, context().buffers, downstream(), context().loop().poller(), connection_));
  }
  if (!fits) {
    cut(CloseReason::BufferLimit);
  }
}

std::size_t HttpSession::spliceResponse(transport::Side& from, std::uint64_t bytesMax) noexcept {
  flush();
  if (state_ == State::Ended) {
    return 0;
  }
  const std::size_t bytes =
      out_.splice(from, bytesMax, downstream(), context().upstream.pipes, context().loop().now());
  if (log_ != nullptr) {
    log_->addResponseBytes(bytes);
  }
  if (bytes > 0) {
    flush();
  }
  return bytes;
}

void HttpSession::onResponseEnd(const codec::H1Trailers& trailers) noexcept {
  if (responseChunked_ && !transport::addLastChunk(out_, context().buffers, trailers)) {
    cut(CloseReason::BufferLimit);
  }
}

bool HttpSession::flushResponse() noexcept {
  flush();
  responseWaits_ = !out_.empty();
  return responseWaits_;
}

void HttpSession::onExchangeOver() noexcept {
  exchangeOver_ = true;
  run();
}

void HttpSession::onExchangeFailed(CloseReason reason, int sysErrno) noexcept {
  upstreamErrno_ = sysErrno;
  noteEndpoint();
  if (responseBegun_) {
    cut(reason);
    return;
  }
  reply(localStatus(reason), reason);
  run();
}

/// While the exchange still has one.
void HttpSession::noteEndpoint() noexcept {
  const upstream::Endpoint* endpoint = exchange_ == nullptr ? nullptr : exchange_->endpoint();
  if (endpoint == nullptr) {
    return;
  }
  if (log_ != nullptr) {
    const base::Address& address = connection_.addressOf(*endpoint, exchange_->cluster());
    if (upstreamAddress_ == nullptr || endpointId_ != endpoint->id) {
      upstreamAddress_ = std::make_unique<const base::Address>(address);
    }
    log_->setEndpoint(endpoint->id, address.toString());
  }
  endpointId_ = endpoint->id;
}

/// The next request has its turn, or there is none.
void HttpSession::finishExchange() noexcept {
  exchangeOver_ = false;
  logRequest(std::exchange(replyReason_, CloseReason::Finished));
  releaseExchange();
  const bool drops = state_ == State::Body && keepAlive_ && canDropBody();
  closing_ = closing_ || !keepAlive_ || draining_ || (state_ == State::Body && !drops);
  if (!drops) {
    state_ = State::Head;
  }
  responseBegun_ = false;
}

void HttpSession::logRequest(CloseReason reason) noexcept {
  if (log_ == nullptr) {
    return;
  }
  const std::string downstream = connection_.source().toString();
  log_->end(context().upstream.events,
            {.wallUs = context().loop().wallUs(),
             .now = context().loop().now(),
             .connection = connection_.id(),
             .listener = connection_.listener().settings().id,
             .reason = reason,
             .attemptCount = exchange_ == nullptr ? 0 : exchange_->attemptCount(),
             .retryCount = exchange_ == nullptr ? 0 : exchange_->retryCount(),
             .downstreamAddress = downstream});
}

void HttpSession::releaseExchange() noexcept {
  responseWaits_ = false;
  if (Exchange* exchange = std::exchange(exchange_, nullptr)) {
    attemptCount_ += exchange->attemptCount();
    connectUs_ = exchange->connectUs() == 0 ? connectUs_ : exchange->connectUs();
    exchange->release();
  }
}

void HttpSession::onTunnel(upstream::Detached detached) noexcept {
  upstream::ClusterRuntime& cluster = exchange_->cluster();
  upstream::Endpoint* const endpoint = detached.endpoint;
  logRequest(CloseReason::Finished);
  releaseExchange();
  wrote(out_.flush(downstream(), context().loop().poller(), connection_));
  os::Buffer down = out_.take();
  const bool fits = detached.read.empty() || context().buffers.append(down, detached.read.unread());
  TcpSessionPtr session = state_ != State::Ended && fits
                              ? connection_.connections().makeTcpSession(connection_, cluster,
                                                                         snapshot::Protocol::Http1)
                              : nullptr;
  if (session == nullptr) {
    upstream::discard(std::move(detached), cluster, connection_.direction());
    cut(CloseReason::ResourcesExhausted);
    return;
  }
  if (!in_.empty()) {
    session->preload(std::move(in_), false);
  }
  session->adopt({.side = std::move(detached.side),
                  .read = std::move(down),
                  .endpoint = endpoint,
                  .since = detached.since,
                  .connectUs = detached.connectUs,
                  .attemptCount = static_cast<std::uint8_t>(attemptCount_)});
  state_ = State::Ended;
  base::ListNode<os::Continuation>::unlink();
  context().loop().retire(*this);
  connection_.becomeOpaque(std::move(session));
}

std::size_t HttpSession::writeProxyHeader(snapshot::ProxyVersion version,
                                          base::MutableBytes into) noexcept {
  return connection_.writeProxyHeader(version, into);
}

// ---- answers of our own ----

/// Where the next request begins is not sure any more, or never was.
void HttpSession::refuse(codec::H1Fault fault) noexcept {
  keepAlive_ = false;
  requestWhole_ = false;
  state_ = State::Head;
  headSince_ = {};
  intake_.reset();
  if (log_ != nullptr && exchange_ == nullptr) {
    log_->beginUnknown(context().loop().now());
  }
  reply(codec::h1FaultStatus(fault), CloseReason::RequestInvalid);
}

/// Cheaper than another connection, and nobody waits to be told to send it.
bool HttpSession::canDropBody() const noexcept {
  return requestBody_ == codec::H1Body::Length && bodyLeft_ <= kDroppedBytesMax &&
         !expectsContinue_;
}

void HttpSession::reply(std::uint16_t status, CloseReason reason) noexcept {
  reply({.status = status, .reason = reason});
}

void HttpSession::reply(LocalReply own) noexcept {
  keepAlive_ = keepAlive_ && !draining_ &&
               (state_ == State::Response || (state_ == State::Body && canDropBody()));
  exchangeOver_ = true;
  own.json = wantsJson_;
  own.bodyless = bodyless_;
  own.errorHeader = connection_.listener().settings().http.errorHeader;
  own.keepAlive = keepAlive_;
  own.minorVersion = minorVersion_;
  connection_.listener().countReply(own.reason);
  replyReason_ = own.reason;
  if (log_ != nullptr) {
    log_->setStatus(own.status);
    log_->addResponseBytes(own.body.value_or(std::string_view()).size());
  }
  if (!keepAlive_ && own.reason != CloseReason::Finished) {
    reason_ = own.reason;
  }
  const bool fits =
      transport::addWritten(out_, context().buffers, localReplyBytesMax(own),
                            [&own](codec::H1Writer& writer) { writeLocalReply(own, writer); });
  if (!fits) {
    cut(CloseReason::BufferLimit);
  }
}

}  // namespace weft::proxy
