#include "upstream/http_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/intrusive_list.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_writer.h"
#include "os/loop.h"
#include "os/poller.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"
#include "telemetry/cells.h"
#include "telemetry/close_reason.h"
#include "transport/h1_output.h"
#include "transport/outbox.h"
#include "transport/transport.h"
#include "upstream/cluster_runtime.h"
#include "upstream/connect_close_reason.h"
#include "upstream/connector.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_pool.h"
#include "upstream/head_intake.h"

namespace weft::upstream {

using telemetry::CloseReason;
using telemetry::EndpointTcpCell;
using transport::Status;

HttpClient::HttpClient(Context& context, ClusterRuntime& cluster, Endpoint& endpoint,
                       snapshot::Direction direction, const base::Address* target) noexcept
    : context_(context),
      memory_(context.http),
      cluster_(cluster),
      endpoint_(endpoint),
      target_(target == nullptr ? nullptr : std::make_unique<base::Address>(*target)),
      direction_(direction) {}

HttpClient::~HttpClient() {
  WEFT_ASSERT(!held_);
}

telemetry::Cells& HttpClient::cells() const noexcept {
  return endpoint_.cells[static_cast<std::size_t>(direction_)];
}

// ---- connecting ----

void HttpClient::connect(HttpClientOwner& owner, bool again) noexcept {
  owner_ = &owner;
  connector_ = memory_.connectors.makeOwned(context_, cluster_, direction_, *this, *this);
  if (connector_ == nullptr) {
    cluster_.unreserve(endpoint_);
    fail(CloseReason::ResourcesExhausted, ENOMEM, true);
    return;
  }
  connector_->setTarget(target_.get());
  connector_->startAt(endpoint_, again);
}

void HttpClient::onConnected(Connected connected) noexcept {
  connectUs_ = connected.connectUs();
  side_.adopt(std::move(connected.transport));
  side_.writeArmed = true;
  side_.readReady = side_.transport->hasBuffered();
  held_ = true;
  connector_.reset();
  opened();
  state_ = State::Busy;
  owner_->onClientReady();
}

void HttpClient::onConnectFailed(const base::Error& error,
                                 std::uint32_t /*attemptCount*/) noexcept {
  fail(connectCloseReason(error), error.sysErrno, error.code == base::ErrorCode::Exhausted);
}

std::size_t HttpClient::writeProxyHeader(snapshot::ProxyVersion version,
                                         base::MutableBytes into) noexcept {
  return owner_->writeProxyHeader(version, into);
}

void HttpClient::adopt(transport::Side side) noexcept {
  side_ = std::move(side);
  held_ = true;
  opened();
  context_.loop.poller().modify(side_.transport->fd(), os::Interest::ReadWrite, *this);
  becomeIdle();
}

void HttpClient::opened() noexcept {
  opened_ = context_.loop.now();
  if (const auto ageMax = cluster_.settings().http.ageMax) {
    // A tenth less, or more, so that connections that were made together do not end together.
    const auto fifth = static_cast<std::uint32_t>(
        std::min<std::int64_t>(ageMax->count() / 5, std::int64_t{UINT32_MAX}));
    closeAt_ = opened_ + *ageMax - base::Duration(fifth / 2) +
               base::Duration(fifth == 0 ? 0 : context_.random.below(fifth));
  }
}

bool HttpClient::fits(snapshot::Direction direction, const base::Address* target) const noexcept {
  return direction_ == direction &&
         (target == nullptr ? target_ == nullptr : target_ != nullptr && *target_ == *target);
}

bool HttpClient::spoilt(bool sure) noexcept {
  return side_.readHangup || side_.failed || ((sure || side_.readReady) && !quiet());
}

bool HttpClient::quiet() noexcept {
  const transport::IoResult read = side_.transport->read(memory_.scratch.first(1));
  side_.afterRead();
  if (read.status != Status::WantRead && read.status != Status::WantWrite) {
    return false;
  }
  side_.readBlocked(read.status, context_.loop.poller(), *this);
  return true;
}

void HttpClient::use(HttpClientOwner& owner) noexcept {
  WEFT_ASSERT(state_ == State::Idle);
  state_ = State::Busy;
  owner_ = &owner;
  reused_ = true;
}

// ---- the request ----

bool HttpClient::sendHead(const codec::H1Request& request) noexcept {
  method_ = codec::h1MethodOf(request.head.method.in(request.held));
  upgradeAsked_ = codec::forwardsUpgrade(request);
  requestChunked_ = request.framing.body == codec::H1Body::Chunked;
  requestEnded_ = false;
  responseBegun_ = false;
  paused_ = false;
  interimCount_ = 0;
  part_ = Part::Head;
  return transport::addWritten(
      outbox_, memory_.buffers, codec::forwardedBytesMax(request),
      [&request](codec::H1Writer& writer) { codec::forwardRequest(request, writer); });
}

bool HttpClient::sendBody(base::Bytes bytes) noexcept {
  if (writeFailed_) {
    return true;
  }
  if (requestChunked_) {
    return transport::addChunk(outbox_, memory_.buffers, bytes);
  }
  if (!outbox_.passes(bytes.size())) {
    return outbox_.add(memory_.buffers, bytes);
  }
  const transport::Outbox::Flushed passed =
      outbox_.pass(bytes, memory_.buffers, side_, context_.loop.poller(), *this);
  if (passed.sysErrno == ENOMEM) {
    return false;
  }
  wrote(passed);
  return true;
}

std::size_t HttpClient::spliceBody(transport::Side& from, std::uint64_t bytesMax) noexcept {
  if (requestChunked_) {
    return 0;
  }
  flush();
  if (writeFailed_) {
    return 0;
  }
  const std::size_t bytes =
      outbox_.splice(from, bytesMax, side_, context_.pipes, context_.loop.now());
  if (bytes > 0) {
    flush();
  }
  return bytes;
}

bool HttpClient::sendEnd(const codec::H1Trailers& trailers) noexcept {
  requestEnded_ = true;
  return !requestChunked_ || writeFailed_ ||
         transport::addLastChunk(outbox_, memory_.buffers, trailers);
}

void HttpClient::flush() noexcept {
  wrote(outbox_.flush(side_, context_.loop.poller(), *this));
  blocked_ = !outbox_.empty();
  if (side_.revived) {
    side_.revived = false;
    context_.loop.continueLater(*this);
  }
}

/// An endpoint that takes nothing any more may have said why before it stopped.
void HttpClient::wrote(const transport::Outbox::Flushed& flushed) noexcept {
  if (flushed.bytes > 0) {
    cells().add(EndpointTcpCell::kWriteBytes, flushed.bytes);
  }
  if (!flushed.failed) {
    return;
  }
  writeFailed_ = true;
  writeErrno_ = flushed.sysErrno;
  outbox_.release();
  side_.readReady = true;
  context_.loop.continueLater(*this);
}

// ---- both ways ----

void HttpClient::resume() noexcept {
  if (paused_) {
    paused_ = false;
    context_.loop.continueLater(*this);
  }
}

void HttpClient::onContinue() noexcept {
  run();
}

void HttpClient::onReady(os::Ready ready) noexcept {
  if (state_ == State::Connecting) {
    connector_->onReady(ready);
    // What arrived together with the answer to the connect is not told again.
    if (state_ != State::Busy) {
      return;
    }
  }
  if (state_ != State::Closed) {
    side_.note(ready);
    run();
  }
}

void HttpClient::run() noexcept {
  if (state_ == State::Idle) {
    // Nobody has asked: it is the end, or nothing that can be answered.
    if (side_.readReady && !quiet()) {
      close(false);
    }
    return;
  }
  if (state_ != State::Busy || part_ == Part::Over) {
    return;
  }
  wrote(outbox_.flush(side_, context_.loop.poller(), *this));
  if (blocked_ && outbox_.empty()) {
    blocked_ = false;
    owner_->onRequestTaken();
  }
  std::size_t readBytes = 0;
  while (state_ == State::Busy && !paused_ && side_.readReady) {
    if (readBytes >= HttpMemory::kTurnBytes) {
      context_.loop.continueLater(*this);
      break;
    }
    std::size_t bytes = spliceMore();
    if (bytes == 0 && state_ == State::Busy) {
      bytes = readMore();
    }
    if (bytes == 0) {
      break;
    }
    readBytes += bytes;
    if (state_ == State::Busy) {
      owner_->onResponseRead();
    }
  }
}

/// The response is told to its end. What came behind it belongs to no request.
void HttpClient::done() noexcept {
  keepAlive_ = keepAlive_ && requestEnded_ && outbox_.empty() && !writeFailed_ && in_.empty() &&
               !side_.readHangup;
  HttpClientOwner* const owner = std::exchange(owner_, nullptr);
  if (keepAlive_) {
    becomeIdle();
  } else {
    close(!requestEnded_);
  }
  owner->onClientDone();
}

// ---- between requests ----

void HttpClient::becomeIdle() noexcept {
  const snapshot::HttpCluster& settings = cluster_.settings().http;
  const bool old = closeAt_ != base::TimePoint{} && context_.loop.now() >= closeAt_;
  // Whom a header of the PROXY protocol named, nobody else may use.
  const bool shared = !cluster_.settings().proxyProtocol;
  if (endpoint_.pool == nullptr && !endpoint_.removed) {
    endpoint_.pool = std::make_shared<EndpointPool>(context_.loop);
  }
  // A secured stream has not told yet that nothing is left in it.
  const bool spoilt = side_.readReady && !quiet();
  if (endpoint_.removed || old || !shared || spoilt || cluster_.givesAway() ||
      !endpoint_.pool->give(*this, settings)) {
    close(false);
    return;
  }
  state_ = State::Idle;
  idleSince_ = context_.loop.now();
  cluster_.roomMade(endpoint_);
}

Detached HttpClient::detach() noexcept {
  held_ = false;
  state_ = State::Closed;
  base::ListNode<os::Continuation>::unlink();
  context_.loop.retire(*this);
  return {.side = std::move(side_),
          .read = std::move(in_),
          .endpoint = &endpoint_,
          .since = opened_,
          .connectUs = connectUs_};
}

void discard(Detached&& detached, ClusterRuntime& cluster, snapshot::Direction direction) noexcept {
  const transport::TransportPtr transport = std::move(detached.side.transport);
  transport->reset();
  cluster.countClose(*detached.endpoint, direction, 0);
  cluster.released(*detached.endpoint);
}

// ---- ending ----

void HttpClient::fail(CloseReason reason, int sysErrno, bool exhausted) noexcept {
  const bool connected = state_ == State::Busy;
  const ClientFailure failure{.reason = reason,
                              .sysErrno = sysErrno,
                              .connected = connected,
                              .reused = reused_,
                              .responseBegun = responseBegun_,
                              .exhausted = exhausted};
  const auto earlyClose = cluster_.earlyClose();
  if (connected && !exhausted && !reused_ && !responseBegun_ && earlyClose &&
      context_.loop.now() - opened_ < *earlyClose) {
    cluster_.closedEarly(endpoint_, sysErrno);
  }
  HttpClientOwner* const owner = std::exchange(owner_, nullptr);
  end(sysErrno, reason == CloseReason::ResponseInvalid);
  owner->onClientFailed(failure);
}

void HttpClient::close(bool reset) noexcept {
  if (state_ != State::Closed) {
    owner_ = nullptr;
    end(0, reset);
  }
}

void HttpClient::end(int sysErrno, bool reset) noexcept {
  if (state_ == State::Idle) {
    endpoint_.pool->forget(*this);
  }
  state_ = State::Closed;
  base::ListNode<os::Continuation>::unlink();
  connector_.reset();
  outbox_.release();
  in_.release();
  intake_.reset();
  if (side_.transport != nullptr) {
    if (reset) {
      side_.transport->reset();
    } else if (side_.secured) {
      static_cast<void>(side_.transport->shutdownWrite());
    }
    side_.transport.reset();
  }
  if (std::exchange(held_, false)) {
    cluster_.countClose(endpoint_, direction_, sysErrno);
    cluster_.releaseConnection(endpoint_);
  }
  context_.loop.retire(*this);
}

void HttpClient::dispose() noexcept {
  memory_.clients.destroy(this);
}

}  // namespace weft::upstream
