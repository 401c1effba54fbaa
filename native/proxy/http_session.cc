#include "proxy/http_session.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_target.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "os/sockets.h"
#include "proxy/connection.h"
#include "proxy/connections.h"
#include "proxy/exchange.h"
#include "proxy/local_reply.h"
#include "proxy/request_log.h"
#include "proxy/tcp_session.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"
#include "transport/outbox.h"
#include "transport/side.h"
#include "transport/transport.h"
#include "upstream/head_intake.h"
#include "upstream/http_memory.h"

namespace weft::proxy {

using telemetry::CloseReason;
using transport::Status;

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
  if (connection_.logged()) {
    log_ = std::make_unique<RequestLog>();
  }
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
    if (responseWaits_ && out_.empty() && exchange_ != nullptr) {
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
  if (!out_.empty()) {
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
  return spliceBody() || take();
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
  const transport::IoResult read = connection_.readDownstream(upstream::HttpMemory::kReadBytesMax);
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
  if (turnBytes_ >= upstream::HttpMemory::kTurnBytes) {
    context().loop().continueLater(*this);
    return false;
  }
  const transport::IoResult read = connection_.readDownstream(upstream::HttpMemory::kReadBytesMax);
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
  ++requestCount_;
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
  Exchange::Parts parts;
  if (!routed(request, parts)) {
    return;
  }
  if (!prepare(request, parts)) {
    cut(CloseReason::BufferLimit);
    return;
  }
  exchange_ = connection_.connections().makeExchange(*this, std::move(parts));
  if (exchange_ == nullptr) {
    reply(localStatus(CloseReason::ResourcesExhausted), CloseReason::ResourcesExhausted);
    return;
  }
  mirror(request);
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
    countBody(body.size());
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
      countBody(step.bytes);
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

/// Much of it is still to come: some of that goes on without a copy. False: it is to be read.
bool HttpSession::spliceBody() noexcept {
  if (requestBody_ != codec::H1Body::Length || bodyLeft_ < transport::Outbox::kSplicedBytesMin ||
      !in_.empty() || exchange_ == nullptr || !downstream().readReady ||
      turnBytes_ >= upstream::HttpMemory::kTurnBytes) {
    return false;
  }
  const std::size_t bytes = exchange_->spliceBody(downstream(), bodyLeft_);
  if (bytes == 0) {
    return false;
  }
  turnBytes_ += bytes;
  readBytes_ += bytes;
  bodyLeft_ -= bytes;
  lastActive_ = context().loop().now();
  connection_.listener().countRead(bytes);
  countBody(bytes);
  if (bodyLeft_ == 0) {
    requestOver({});
  }
  return true;
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

}  // namespace weft::proxy
