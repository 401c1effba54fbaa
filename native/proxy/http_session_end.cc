// How a session waits and ends: deadlines, failures of downstream, closing in order.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>

#include "base/address.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "proxy/connection.h"
#include "proxy/connection_view.h"
#include "proxy/connections.h"
#include "proxy/exchange.h"
#include "proxy/http_session.h"
#include "proxy/local_reply.h"
#include "proxy/tcp_session.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"
#include "transport/outbox.h"
#include "transport/side.h"
#include "transport/transport.h"
#include "upstream/cluster_runtime.h"
#include "upstream/endpoint.h"
#include "upstream/head_intake.h"
#include "upstream/http_memory.h"

namespace weft::proxy {

using telemetry::CloseReason;
using transport::Status;

namespace {

/// Who has not read our answer yet must not see a reset because of what they still send.
constexpr base::Duration kLingerTimeout = std::chrono::seconds(1);
constexpr int kLingerReadsMax = 16;

}  // namespace

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
    noteEndpoint();
    exchange_->giveUp(CloseReason::IdleTimeout);
    timedOut(CloseReason::IdleTimeout);
  } else if (exchange_ == nullptr && out_.empty()) {
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
  reply(localStatus(reason), reason);
  lastActive_ = context().loop().now();
  armTimer();
  run();
}

// ---- ending ----

void HttpSession::flush() noexcept {
  if (state_ != State::Ended) {
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
  cut(telemetry::downstreamLoss(sysErrno));
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
    const transport::IoResult read =
        connection_.readDownstream(upstream::HttpMemory::kReadBytesMax);
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
    const transport::IoResult read =
        connection_.readDownstream(upstream::HttpMemory::kReadBytesMax);
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
  noteEndpoint();
  downstream().transport->reset();
  end(reason);
}

void HttpSession::end(CloseReason reason) noexcept {
  state_ = State::Ended;
  logRequest(exchangeOver_ ? replyReason_ : reason);
  exchangeOver_ = false;
  base::ListNode<os::Continuation>::unlink();
  releaseExchange();
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
  view.requestCount = requestCount_;
  if (exchange_ != nullptr) {
    view.requestState = exchange_->state();
  }
  view.state = state_ == State::Lingering ? ConnectionState::Closing : ConnectionState::Open;
  view.protocol = snapshot::Protocol::Http1;
  view.idleMs = base::wholeMilliseconds(context().loop().now() - lastActive_);
  view.downstreamReadBytes = readBytes_;
  view.upstreamReadBytes = writtenBytes_;
  view.bufferedBytes = in_.size() + out_.size();
  view.spliced = out_.spliced();
}

void HttpSession::dispose() noexcept {
  connection_.connections().freeHttpSession(*this);
}

}  // namespace weft::proxy
