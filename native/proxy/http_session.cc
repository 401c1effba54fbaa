#include "proxy/http_session.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_target.h"
#include "codec/h1_writer.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "os/sockets.h"
#include "os/splice_pipe.h"
#include "proxy/connection.h"
#include "proxy/connection_view.h"
#include "proxy/connections.h"
#include "proxy/exchange.h"
#include "proxy/local_reply.h"
#include "proxy/session.h"
#include "proxy/tcp_session.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"
#include "transport/h1_chunks.h"
#include "transport/outbox.h"
#include "transport/side.h"
#include "transport/transport.h"
#include "upstream/cluster_runtime.h"
#include "upstream/endpoint.h"
#include "upstream/head_intake.h"
#include "upstream/http_client.h"
#include "upstream/http_memory.h"

namespace weft::proxy {

using telemetry::CloseReason;
using transport::Status;

namespace {

/// With what may be left of a head, this fits in a buffer.
constexpr std::size_t kReadBytesMax = std::size_t{64} * 1024;

/// What one connection may read in one turn, so that the others of the worker have theirs.
constexpr std::size_t kTurnBytes = std::size_t{1} * 1024 * 1024;

/// The rest of a body that is read and dropped so that the connection survives an answer.
constexpr std::uint64_t kDroppedBytesMax = std::uint64_t{64} * 1024;

/// Who has not read our answer yet must not see a reset because of what they still send.
constexpr base::Duration kLingerTimeout = std::chrono::seconds(1);
constexpr int kLingerReadsMax = 16;

}  // namespace

HttpSession::HttpSession(Connection& connection) noexcept
    : connection_(connection), lastActive_(connection.connections().context().loop().now()) {}

HttpSession::~HttpSession() {
  WEFT_ASSERT(exchange_ == nullptr);
}

Context& HttpSession::context() const noexcept {
  return connection_.connections().context();
}

transport::Side& HttpSession::downstream() const noexcept {
  return connection_.downstream();
}

void HttpSession::preload(os::Buffer bytes) noexcept {
  readBytes_ = bytes.size();
  in_ = std::move(bytes);
}

void HttpSession::start() noexcept {
  armTimer();
  run();
}

void HttpSession::onDownstreamReady() noexcept {
  run();
}

/// Everything that may go on does; whatever changes meanwhile is looked at by the same loop.
void HttpSession::run() noexcept {
  if (running_ || state_ == State::Ended) {
    return;
  }
  running_ = true;
  turnBytes_ = 0;
  do {
    flush();
    if (responseWaits_ && sent() && exchange_ != nullptr) {
      responseWaits_ = false;
      exchange_->resume();
    }
  } while (advance());
  running_ = false;
  if (state_ != State::Ended && downstream().revived) {
    downstream().revived = false;
    context().loop().continueLater(*this);
  }
}

bool HttpSession::advance() noexcept {
  if (state_ != State::Ended && exchangeOver_) {
    finishExchange();
    return true;
  }
  switch (state_) {
    case State::Head:
      return advanceHead();
    case State::Body:
      return advanceBody();
    case State::Response:
      return advanceResponse();
    case State::Lingering:
      return advanceLingering();
    case State::Ended:
      break;
  }
  return false;
}

// ---- reading ----

/// Whoever does not take the answer to one request gets no other.
bool HttpSession::advanceHead() noexcept {
  if (!sent()) {
    return false;
  }
  if (closing_) {
    closeInOrder();
    return true;
  }
  return take();
}

bool HttpSession::advanceBody() noexcept {
  if (exchange_ != nullptr && !exchange_->wantsBody()) {
    return advanceResponse();
  }
  return take();
}

/// Whoever waits for a response and ends their half is gone; who has begun to get one may only have
/// nothing more to say.
bool HttpSession::advanceResponse() noexcept {
  const transport::Side& side = downstream();
  if (side.secured) {
    return side.readReady && in_.empty() && readAhead();
  }
  if (!side.readHangup) {
    return false;
  }
  os::Sockets& sockets = context().sockets();
  const int fd = side.transport->fd();
  const int sysErrno = side.failed ? sockets.connectError(fd) : 0;
  if (sysErrno != 0) {
    lostDownstream(sysErrno);
    return true;
  }
  if (!responseBegun_ && in_.empty() && sockets.readableBytes(fd) == 0) {
    cut(CloseReason::DownstreamGone);
    return true;
  }
  return false;
}

/// Only reading tells of the end of a secured stream.
bool HttpSession::readAhead() noexcept {
  const transport::IoResult read = connection_.readDownstream(kReadBytesMax);
  readBytes_ += read.bytes;
  if (read.status == Status::Failed) {
    lostDownstream(read.sysErrno);
  } else if (read.status == Status::Eof && !responseBegun_) {
    cut(CloseReason::DownstreamGone);
  } else if (read.bytes > 0 &&
             !context().buffers.append(in_, context().scratch.first(read.bytes))) {
    cut(CloseReason::BufferLimit);
  }
  return false;
}

/// Some more of what downstream sends; false when nothing is there.
bool HttpSession::take() noexcept {
  if (!in_.empty() && !incomplete_) {
    feed(in_.unread(), true);
    return true;
  }
  if (!downstream().readReady) {
    return false;
  }
  if (turnBytes_ >= kTurnBytes) {
    context().loop().continueLater(*this);
    return false;
  }
  const transport::IoResult read = connection_.readDownstream(kReadBytesMax);
  turnBytes_ += read.bytes;
  switch (read.status) {
    case Status::Ok:
      break;
    case Status::Eof:
      readEnded();
      return true;
    case Status::Failed:
      lostDownstream(read.sysErrno);
      return true;
    case Status::WantRead:
    case Status::WantWrite:
      return false;
  }
  readBytes_ += read.bytes;
  lastActive_ = context().loop().now();
  const base::Bytes bytes = context().scratch.first(read.bytes);
  if (in_.empty()) {
    feed(bytes, false);
  } else if (context().buffers.append(in_, bytes)) {
    feed(in_.unread(), true);
  } else {
    cut(CloseReason::BufferLimit);
  }
  return true;
}

void HttpSession::readEnded() noexcept {
  if (state_ == State::Head && in_.empty()) {
    end(CloseReason::Finished);
  } else {
    cut(CloseReason::DownstreamGone);
  }
}

/// Goes through what has come, to the end of one request at most.
void HttpSession::feed(base::Bytes bytes, bool buffered) noexcept {
  base::Bytes rest = bytes;
  incomplete_ = false;
  while (!exchangeOver_ && !closing_ && (state_ == State::Head || state_ == State::Body)) {
    const std::string_view held = base::textOf(rest);
    const bool inBody = state_ == State::Body;
    const std::size_t used = inBody ? feedBody(held) : feedHead(held);
    if (state_ == State::Ended) {
      return;
    }
    rest = rest.subspan(used);
    if (used == 0 || (inBody && state_ == State::Head)) {
      break;
    }
  }
  if (buffered) {
    in_.consume(bytes.size() - rest.size());
  } else if (!rest.empty() && !context().buffers.append(in_, rest)) {
    cut(CloseReason::BufferLimit);
    return;
  }
  incomplete_ = incomplete_ && !in_.empty();
  if (exchange_ != nullptr && !exchangeOver_) {
    exchange_->flush();
  }
}

// ---- the head of a request ----

std::size_t HttpSession::feedHead(std::string_view held) noexcept {
  if (held.empty()) {
    return 0;
  }
  const snapshot::HttpListener& settings = connection_.listener().settings().http;
  const upstream::HeadIntake::Read read = intake_.advance(
      context().upstream.http, codec::H1Kind::Request,
      {.headBytesMax = settings.headBytesMax, .fieldsMax = settings.fieldsMax}, held);
  switch (read.state) {
    case upstream::HeadIntake::State::NeedMore:
      incomplete_ = true;
      if (headSince_ == base::TimePoint{}) {
        headSince_ = context().loop().now();
        armTimer();
      }
      return 0;
    case upstream::HeadIntake::State::NoMemory:
      cut(CloseReason::BufferLimit);
      return 0;
    case upstream::HeadIntake::State::Bad:
      refuse(read.fault);
      return 0;
    case upstream::HeadIntake::State::Whole:
      break;
  }
  const std::size_t bytes = read.head->bytes;
  headSince_ = {};
  startExchange(held, *read.head);
  intake_.reset();
  return bytes;
}

void HttpSession::startExchange(std::string_view held, const codec::H1Head& head) noexcept {
  codec::H1Request request{.held = held, .head = head, .target = {}, .framing = {}};
  const codec::H1Fields fields = head.fieldsIn(held);
  minorVersion_ = head.minorVersion;
  bodyless_ = codec::h1MethodOf(head.method.in(held)) == codec::H1Method::Head;
  wantsJson_ = wantsJson(fields);
  responseBegun_ = false;
  codec::H1Fault fault = codec::readRequestFraming(held, head, request.framing);
  if (fault == codec::H1Fault::None) {
    fault = codec::readTarget(head.method.in(held), head.target.in(held), request.target);
  }
  if (fault != codec::H1Fault::None) {
    refuse(fault);
    return;
  }
  std::string host;
  if (head.minorVersion == 0 && request.target.authority.empty()) {
    host = connection_.destinationText();
    request.defaultHost = host;
  }
  keepAlive_ = request.framing.keepAlive && !draining_ && !connection_.listener().removed();
  beginBody(request.framing);
  upstream::ClusterRuntime& cluster = connection_.cluster();
  clusterId_ = cluster.settings().id;
  exchange_ = connection_.connections().makeExchange(
      *this, {.cluster = cluster,
              .direction = connection_.direction(),
              .target = cluster.settings().originalDst ? connection_.target() : nullptr,
              .key = connection_.sourceKey()});
  if (exchange_ == nullptr) {
    reply(localStatus(CloseReason::ResourcesExhausted), CloseReason::ResourcesExhausted);
    return;
  }
  exchange_->start(request);
  if (!exchangeOver_ && state_ == State::Response) {
    exchange_->requestEnd({});
  }
}

void HttpSession::beginBody(const codec::H1Framing& framing) noexcept {
  requestBody_ = framing.body;
  bodyLeft_ = framing.length;
  expectsContinue_ = framing.expectContinue;
  requestWhole_ = framing.body == codec::H1Body::None;
  state_ = requestWhole_ ? State::Response : State::Body;
  if (framing.body == codec::H1Body::Chunked) {
    const snapshot::HttpListener& settings = connection_.listener().settings().http;
    chunks_ = codec::H1ChunkReader(
        {.headBytesMax = settings.headBytesMax, .fieldsMax = settings.fieldsMax});
  }
}

// ---- the body of a request ----

std::size_t HttpSession::feedBody(std::string_view held) noexcept {
  if (exchange_ != nullptr && !exchange_->wantsBody()) {
    return 0;
  }
  if (requestBody_ == codec::H1Body::Chunked) {
    return feedChunks(held);
  }
  const std::string_view body = held.substr(0, bodyLeft_);
  bodyLeft_ -= body.size();
  if (exchange_ != nullptr && !body.empty()) {
    exchange_->requestBody(base::bytesOf(body));
  }
  if (bodyLeft_ == 0) {
    requestOver({});
  }
  return body.size();
}

std::size_t HttpSession::feedChunks(std::string_view held) noexcept {
  std::array<codec::H1Field, codec::kH1FieldsMax>& fields = context().upstream.http.head.fields;
  const codec::H1ChunkStep step = chunks_.advance(held, fields);
  switch (step.event) {
    case codec::H1ChunkEvent::NeedMore:
      incomplete_ = true;
      break;
    case codec::H1ChunkEvent::Data:
      exchange_->requestBody(base::bytesOf(held.substr(0, step.bytes)));
      break;
    case codec::H1ChunkEvent::Passed:
      break;
    case codec::H1ChunkEvent::End:
      requestOver(codec::trailersOf(held.substr(0, step.bytes), fields));
      break;
    case codec::H1ChunkEvent::Bad:
      if (responseBegun_) {
        cut(CloseReason::RequestInvalid);
      } else {
        releaseExchange();
        refuse(chunks_.fault());
      }
      break;
  }
  return step.bytes;
}

void HttpSession::requestOver(const codec::H1Trailers& trailers) noexcept {
  requestWhole_ = true;
  if (exchange_ == nullptr) {
    state_ = State::Head;
    return;
  }
  state_ = State::Response;
  if (!exchangeOver_) {
    exchange_->requestEnd(trailers);
  }
}

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
  noteExchange();
  responseChunked_ = framing.body == codec::H1Body::Chunked && minorVersion_ > 0;
  const bool untilClose = framing.body == codec::H1Body::UntilClose ||
                          (framing.body == codec::H1Body::Chunked && minorVersion_ == 0);
  keepAlive_ = keepAlive_ && !untilClose && !draining_;
  sendHead({.held = held,
            .head = head,
            .framing = framing,
            .minorVersion = minorVersion_,
            .keepAlive = keepAlive_});
}

void HttpSession::sendHead(const codec::H1Response& response) noexcept {
  const base::MutableBytes room = out_.room(context().buffers, codec::forwardedBytesMax(response));
  if (room.empty()) {
    cut(CloseReason::BufferLimit);
    return;
  }
  codec::H1Writer writer(room);
  codec::forwardResponse(response, writer);
  WEFT_CHECK(!writer.overflowed());
  out_.added(writer.size());
}

void HttpSession::onResponseBody(base::Bytes bytes) noexcept {
  bool fits = true;
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

/// Only where the bytes are those of both descriptors, and nothing waits that goes before them.
std::size_t HttpSession::spliceResponse(transport::Side& from, std::uint64_t bytesMax) noexcept {
  const int fromFd = from.transport->spliceFd();
  const int toFd = downstream().transport->spliceFd();
  flush();
  if (state_ == State::Ended || !sent() || from.urgent || fromFd == os::kNoFd ||
      toFd == os::kNoFd) {
    return 0;
  }
  pipe_ = context().pipes.take(context().loop().now());
  if (pipe_ == nullptr) {
    return 0;
  }
  const os::IoResult filled = pipe_->fillFrom(fromFd, bytesMax);
  if (filled.status != os::IoStatus::Ok) {
    // Only a read tells an end from urgent data.
    givePipe();
    return 0;
  }
  if (filled.bytes < pipe_->capacityBytes() && !from.readHangup &&
      context().sockets().readableBytes(fromFd) == 0) {
    from.readDrained();
  }
  drainPipe();
  return filled.bytes;
}

void HttpSession::drainPipe() noexcept {
  while (pipe_ != nullptr && downstream().writeReady) {
    const os::IoResult drained = pipe_->drainTo(downstream().transport->spliceFd());
    if (drained.status == os::IoStatus::WouldBlock) {
      downstream().writeBlocked(Status::WantWrite, context().loop().poller(), connection_);
    } else if (drained.status == os::IoStatus::Ok) {
      wrote({.bytes = drained.bytes});
      if (pipe_->size() == 0) {
        givePipe();
      }
    } else {
      wrote({.sysErrno = drained.sysErrno == 0 ? EPIPE : drained.sysErrno, .failed = true});
    }
  }
}

void HttpSession::givePipe() noexcept {
  if (pipe_ != nullptr) {
    context().pipes.give(std::move(pipe_));
  }
}

void HttpSession::onResponseEnd(const codec::H1Trailers& trailers) noexcept {
  if (responseChunked_ && !transport::addLastChunk(out_, context().buffers, trailers)) {
    cut(CloseReason::BufferLimit);
  }
}

bool HttpSession::flushResponse() noexcept {
  flush();
  responseWaits_ = !sent();
  return responseWaits_;
}

void HttpSession::onExchangeOver() noexcept {
  exchangeOver_ = true;
  run();
}

void HttpSession::onExchangeFailed(CloseReason reason, int sysErrno) noexcept {
  upstreamErrno_ = sysErrno;
  noteExchange();
  if (responseBegun_) {
    cut(reason);
    return;
  }
  reply(localStatus(reason), reason);
  run();
}

void HttpSession::noteExchange() noexcept {
  if (exchange_ == nullptr) {
    return;
  }
  const upstream::Endpoint* endpoint = exchange_->endpoint();
  if (endpoint != nullptr) {
    if (connection_.listener().settings().accessLog &&
        (upstreamAddress_ == nullptr || endpointId_ != endpoint->id)) {
      upstreamAddress_ = std::make_unique<const base::Address>(
          connection_.addressOf(*endpoint, exchange_->cluster()));
    }
    endpointId_ = endpoint->id;
  }
  attemptCount_ += exchange_->attemptCount();
  connectUs_ = exchange_->connectUs() == 0 ? connectUs_ : exchange_->connectUs();
}

/// The next request has its turn, or there is none.
void HttpSession::finishExchange() noexcept {
  exchangeOver_ = false;
  releaseExchange();
  const bool drops = state_ == State::Body && keepAlive_ && canDropBody();
  closing_ = closing_ || !keepAlive_ || draining_ || (state_ == State::Body && !drops);
  if (!drops) {
    state_ = State::Head;
  }
  responseBegun_ = false;
}

void HttpSession::releaseExchange() noexcept {
  responseWaits_ = false;
  if (Exchange* exchange = std::exchange(exchange_, nullptr)) {
    exchange->release();
  }
}

void HttpSession::onTunnel(upstream::Detached detached) noexcept {
  upstream::ClusterRuntime& cluster = exchange_->cluster();
  upstream::Endpoint* const endpoint = detached.endpoint;
  releaseExchange();
  wrote(out_.flush(downstream(), context().loop().poller(), connection_));
  os::Buffer down = out_.take();
  const bool fits = detached.read.empty() || context().buffers.append(down, detached.read.unread());
  TcpSessionPtr session = state_ != State::Ended && fits
                              ? connection_.connections().makeTcpSession(connection_, cluster,
                                                                         snapshot::Protocol::Http1)
                              : nullptr;
  if (session == nullptr) {
    detached.side.transport->reset();
    cluster.countClose(*endpoint, connection_.direction(), 0);
    cluster.released(*endpoint);
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
  reason_ = CloseReason::RequestInvalid;
  reply(codec::h1FaultStatus(fault), CloseReason::RequestInvalid);
}

/// Cheaper than another connection, and nobody waits to be told to send it.
bool HttpSession::canDropBody() const noexcept {
  return requestBody_ == codec::H1Body::Length && bodyLeft_ <= kDroppedBytesMax &&
         !expectsContinue_;
}

void HttpSession::reply(std::uint16_t status, CloseReason reason) noexcept {
  keepAlive_ = keepAlive_ && !draining_ &&
               (state_ == State::Response || (state_ == State::Body && canDropBody()));
  exchangeOver_ = true;
  const base::MutableBytes room = out_.room(context().buffers, kLocalReplyBytesMax);
  if (room.empty()) {
    cut(CloseReason::BufferLimit);
    return;
  }
  codec::H1Writer writer(room);
  writeLocalReply({.status = status,
                   .reason = reason,
                   .json = wantsJson_,
                   .bodyless = bodyless_,
                   .errorHeader = connection_.listener().settings().http.errorHeader,
                   .keepAlive = keepAlive_,
                   .minorVersion = minorVersion_},
                  writer);
  WEFT_CHECK(!writer.overflowed());
  out_.added(writer.size());
}

// ---- time ----

base::TimePoint HttpSession::nextDeadline() const noexcept {
  const snapshot::Listener& settings = connection_.listener().settings();
  base::TimePoint next = base::TimePoint::max();
  if (headSince_ != base::TimePoint{}) {
    next = headSince_ + settings.http.headTimeout;
  }
  if (settings.idleTimeout) {
    next = std::min(next, lastActive_ + *settings.idleTimeout);
  }
  return next;
}

void HttpSession::armTimer() noexcept {
  const base::TimePoint next = nextDeadline();
  if (next != base::TimePoint::max()) {
    connection_.armTimer(std::max(next - context().loop().now(), base::Duration::zero()));
  }
}

void HttpSession::onTimer() noexcept {
  if (state_ == State::Lingering) {
    end(reason_);
    return;
  }
  const snapshot::Listener& settings = connection_.listener().settings();
  const base::TimePoint now = context().loop().now();
  if (headSince_ != base::TimePoint{} && now - headSince_ >= settings.http.headTimeout) {
    timedOut(CloseReason::RequestTimeout);
  } else if (settings.idleTimeout && now - lastActive_ >= *settings.idleTimeout) {
    idle();
  } else {
    armTimer();
  }
}

void HttpSession::idle() noexcept {
  if (exchange_ != nullptr && !responseBegun_) {
    noteExchange();
    exchange_->giveUp(CloseReason::IdleTimeout);
    timedOut(CloseReason::IdleTimeout);
  } else if (exchange_ == nullptr && sent()) {
    reason_ = CloseReason::IdleTimeout;
    closing_ = true;
    run();
  } else {
    cut(CloseReason::IdleTimeout);
  }
}

void HttpSession::timedOut(CloseReason reason) noexcept {
  releaseExchange();
  keepAlive_ = false;
  requestWhole_ = false;
  headSince_ = {};
  reason_ = reason;
  reply(localStatus(reason), reason);
  lastActive_ = context().loop().now();
  armTimer();
  run();
}

// ---- ending ----

void HttpSession::flush() noexcept {
  drainPipe();
  if (pipe_ == nullptr && state_ != State::Ended) {
    wrote(out_.flush(downstream(), context().loop().poller(), connection_));
  }
}

void HttpSession::wrote(const transport::Outbox::Flushed& flushed) noexcept {
  if (flushed.bytes > 0) {
    writtenBytes_ += flushed.bytes;
    lastActive_ = context().loop().now();
    connection_.listener().countWritten(flushed.bytes);
  }
  if (!flushed.failed || state_ == State::Ended) {
    return;
  }
  if (flushed.sysErrno == ENOMEM) {
    cut(CloseReason::BufferLimit);
  } else {
    lostDownstream(flushed.sysErrno);
  }
}

void HttpSession::lostDownstream(int sysErrno) noexcept {
  downstreamErrno_ = sysErrno;
  cut(isReset(sysErrno) ? CloseReason::DownstreamReset : CloseReason::DownstreamLost);
}

void HttpSession::drain() noexcept {
  draining_ = true;
  // A request that has come already is served.
  run();
  if (state_ == State::Head && exchange_ == nullptr && in_.empty()) {
    closing_ = true;
    run();
  }
}

/// A close while something is unread would become a reset, which may overtake the answer.
void HttpSession::closeInOrder() noexcept {
  lingers_ = !requestWhole_ || !in_.empty();
  if (!lingers_ && downstream().readReady) {
    const transport::IoResult read = connection_.readDownstream(kReadBytesMax);
    readBytes_ += read.bytes;
    lingers_ = read.bytes > 0;
  }
  if (!lingers_ && !downstream().secured) {
    end(reason_);
    return;
  }
  in_.release();
  state_ = State::Lingering;
  connection_.armTimer(kLingerTimeout);
}

bool HttpSession::advanceLingering() noexcept {
  if (!halfEnded_) {
    const transport::IoResult ended = downstream().transport->shutdownWrite();
    if (ended.status == Status::WantRead || ended.status == Status::WantWrite) {
      downstream().writeBlocked(ended.status, context().loop().poller(), connection_);
      return false;
    }
    halfEnded_ = true;
    lingers_ = lingers_ && ended.status == Status::Ok;
  }
  for (int reads = 0; lingers_ && reads < kLingerReadsMax; ++reads) {
    if (!downstream().readReady) {
      return false;
    }
    const transport::IoResult read = connection_.readDownstream(kReadBytesMax);
    readBytes_ += read.bytes;
    lingers_ = read.status != Status::Eof && read.status != Status::Failed;
  }
  if (lingers_) {
    context().loop().continueLater(*this);
  } else {
    end(reason_);
  }
  return false;
}

void HttpSession::abort(CloseReason reason) noexcept {
  if (state_ != State::Ended) {
    cut(reason);
  }
}

void HttpSession::cut(CloseReason reason) noexcept {
  if (state_ == State::Ended) {
    return;
  }
  noteExchange();
  downstream().transport->reset();
  end(reason);
}

void HttpSession::end(CloseReason reason) noexcept {
  state_ = State::Ended;
  exchangeOver_ = false;
  base::ListNode<os::Continuation>::unlink();
  releaseExchange();
  givePipe();
  out_.release();
  in_.release();
  intake_.reset();
  connection_.end({.reason = reason,
                   .downstreamErrno = downstreamErrno_,
                   .upstreamErrno = upstreamErrno_,
                   .clusterId = clusterId_,
                   .endpointId = endpointId_,
                   .upstreamAddress = upstreamAddress_.get(),
                   .connectUs = connectUs_,
                   .downstreamReadBytes = readBytes_,
                   .upstreamReadBytes = writtenBytes_,
                   .attemptCount = attemptCount_,
                   .protocol = snapshot::Protocol::Http1});
}

bool HttpSession::endpointRemovedBy(base::TimePoint time) const noexcept {
  return exchange_ != nullptr && exchange_->endpoint() != nullptr &&
         exchange_->endpoint()->removedBy(time);
}

void HttpSession::describe(ConnectionView& view) const {
  const upstream::Endpoint* endpoint = exchange_ == nullptr ? nullptr : exchange_->endpoint();
  if (endpoint != nullptr) {
    view.clusterId = exchange_->cluster().settings().id;
    view.endpointId = endpoint->id;
    view.upstreamAddress = connection_.addressOf(*endpoint, exchange_->cluster()).toString();
  }
  view.state = state_ == State::Lingering ? ConnectionState::Closing : ConnectionState::Open;
  view.protocol = snapshot::Protocol::Http1;
  view.idleMs = base::wholeMilliseconds(context().loop().now() - lastActive_);
  view.downstreamReadBytes = readBytes_;
  view.upstreamReadBytes = writtenBytes_;
  view.bufferedBytes = in_.size() + out_.size() + (pipe_ == nullptr ? 0 : pipe_->size());
  view.spliced = pipe_ != nullptr;
}

void HttpSession::dispose() noexcept {
  connection_.connections().freeHttpSession(*this);
}

}  // namespace weft::proxy
