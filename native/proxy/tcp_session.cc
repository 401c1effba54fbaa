#include "proxy/tcp_session.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/address.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "os/object_pool.h"
#include "os/poller.h"
#include "proxy/connection.h"
#include "proxy/connection_view.h"
#include "proxy/connections.h"
#include "proxy/pump.h"
#include "proxy/session.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/cells.h"
#include "telemetry/close_reason.h"
#include "transport/side.h"
#include "upstream/cluster_runtime.h"
#include "upstream/connect_close_reason.h"
#include "upstream/connector.h"

namespace weft::proxy {

namespace {

using telemetry::CloseReason;
using telemetry::EndpointTcpCell;

/// After so much silence a direction has to show again that it is bulk.
constexpr base::Duration kBulkForgottenAfter = std::chrono::seconds(1);

/// A reset waits so long for the other side to take what came before it.
constexpr base::Duration kFlushTimeout = std::chrono::seconds(1);
constexpr base::Duration kFlushPoll = std::chrono::milliseconds(10);

}  // namespace

TcpSession::TcpSession(Connection& connection, upstream::ClusterRuntime& cluster,
                       snapshot::Protocol protocol) noexcept
    : connection_(connection),
      cluster_(cluster),
      lastActive_(connection.connections().context().loop().now()),
      protocol_(protocol) {}

TcpSession::~TcpSession() {
  WEFT_ASSERT(endpoint_ == nullptr);
}

Context& TcpSession::context() const noexcept {
  return connection_.connections().context();
}

transport::Side& TcpSession::downstream() const noexcept {
  return connection_.downstream();
}

// ---- connecting ----

void TcpSession::adopt(os::PoolPtr<upstream::Connector> connector) noexcept {
  connector_ = std::move(connector);
}

void TcpSession::adopt(EarlyUpstream early) noexcept {
  upstream_ = std::move(early.side);
  down_.preload(std::move(early.read), early.readEnded);
  endpoint_ = early.endpoint;
  connectUs_ = early.connectUs;
  watchForEarlyClose(early.since);
  attemptCount_ = early.attemptCount;
}

void TcpSession::start() noexcept {
  if (connector_ != nullptr) {
    connector_->handOver(*this, *this);
    return;
  }
  if (endpoint_ != nullptr) {
    os::Poller& poller = context().loop().poller();
    poller.modify(upstream_.transport->fd(), os::Interest::ReadWrite, *this);
    opened();
    return;
  }
  connector_ = connection_.connections().makeConnector(*this, *this, cluster_, connection_);
  if (connector_ == nullptr) {
    abort(CloseReason::ResourcesExhausted);
    return;
  }
  connector_->start(connection_.sourceKey());
}

void TcpSession::onConnected(upstream::Connected connected) noexcept {
  endpoint_ = connected.endpoint;
  upstream_.adopt(std::move(connected.transport));
  upstream_.writeArmed = true;
  upstream_.readReady = upstream_.transport->hasBuffered();
  connectUs_ = connected.connectUs();
  attemptCount_ = static_cast<std::uint8_t>(connected.attemptCount);
  connector_.reset();
  watchForEarlyClose(context().loop().now());
  opened();
}

std::size_t TcpSession::writeProxyHeader(snapshot::ProxyVersion version,
                                         base::MutableBytes into) noexcept {
  return connection_.writeProxyHeader(version, into);
}

void TcpSession::opened() noexcept {
  connection_.upstreamOpen();
  state_ = State::Open;
  lastActive_ = context().loop().now();
  armIdleTimer();
  run();
}

void TcpSession::watchForEarlyClose(base::TimePoint since) noexcept {
  if (const auto earlyClose = cluster_.earlyClose()) {
    earlyUntil_ = since + *earlyClose;
  }
}

void TcpSession::onConnectFailed(const base::Error& error, std::uint32_t attemptCount) noexcept {
  attemptCount_ = static_cast<std::uint8_t>(attemptCount);
  upstreamErrno_ = error.sysErrno;
  abort(upstream::connectCloseReason(error));
}

// ---- open ----

void TcpSession::onDownstreamReady() noexcept {
  if (state_ == State::Connecting) {
    // A half-closed client still wants its answer; only one that is gone ends the attempt.
    const int fd = downstream().transport->fd();
    const int sysErrno = downstream().readHangup ? context().sockets().connectError(fd) : 0;
    if (sysErrno != 0) {
      downstreamErrno_ = sysErrno;
      abort(CloseReason::DownstreamGone);
    }
    return;
  }
  run();
}

void TcpSession::onReady(os::Ready ready) noexcept {
  if (state_ == State::Connecting) {
    connector_->onReady(ready);
    // What arrived together with the answer to the connect is not told again.
    if (state_ != State::Open) {
      return;
    }
  }
  if (state_ != State::Ended) {
    upstream_.note(ready);
    run();
  }
}

Pump::Ends TcpSession::endsOf(Way way) noexcept {
  if (way == Way::Up) {
    return {
        .from = downstream(), .to = upstream_, .fromPollable = connection_, .toPollable = *this};
  }
  return {.from = upstream_, .to = downstream(), .fromPollable = *this, .toPollable = connection_};
}

void TcpSession::run() noexcept {
  if (state_ == State::Flushing) {
    flush();
    return;
  }
  const base::TimePoint now = context().loop().now();
  if (now - lastActive_ > kBulkForgottenAfter) {
    up_.forgetBulk(context());
    down_.forgetBulk(context());
  }
  runWay(Way::Up);
  if (state_ == State::Open) {
    runWay(Way::Down);
  }
  if (state_ == State::Open && (upstream_.wantsLook() || downstream().wantsLook())) {
    afterRun(upstream_, Way::Up);
    afterRun(downstream(), Way::Down);
  }
  if (state_ == State::Open && up_.over() && down_.over()) {
    if (failed_) {
      startFlushing(up_.abandoned() ? Way::Down : Way::Up);
    } else {
      end();
    }
  }
}

/// What no read and no readiness will tell: `way` goes to that side.
void TcpSession::afterRun(transport::Side& side, Way way) noexcept {
  if (side.revived) {
    side.revived = false;
    context().loop().continueLater(*this);
  }
  // Its end was read and passed on already, so that only a write would find the reset that came
  // after it.
  if (side.failed && !pumpOf(way).over() && pumpOf(way == Way::Up ? Way::Down : Way::Up).over()) {
    side.failed = false;
    const int sysErrno = context().sockets().connectError(side.transport->fd());
    if (sysErrno != 0) {
      writeFailed(way, sysErrno);
    }
  }
}

void TcpSession::runWay(Way way) noexcept {
  Pump& pump = pumpOf(way);
  const Pump::Ends ends = endsOf(way);
  if (!pump.hasWork(ends.from)) {
    return;
  }
  const Pump::Result result = pump.run(context(), ends);
  account(way, result);
  switch (result.outcome) {
    case Pump::Outcome::Blocked:
      return;
    case Pump::Outcome::Ended:
      ended(way);
      return;
    case Pump::Outcome::Yield:
      context().loop().continueLater(*this);
      return;
    case Pump::Outcome::ReadFailed:
      readFailed(way, result.sysErrno);
      return;
    case Pump::Outcome::WriteFailed:
      writeFailed(way, result.sysErrno);
      return;
    case Pump::Outcome::BufferLimit:
      abort(CloseReason::BufferLimit);
      return;
  }
}

void TcpSession::account(Way way, const Pump::Result& result) noexcept {
  if (result.readBytes == 0 && result.writtenBytes == 0) {
    return;
  }
  lastActive_ = context().loop().now();
  telemetry::Cells& cells = endpoint_->cells[static_cast<std::size_t>(connection_.direction())];
  if (way == Way::Up) {
    connection_.listener().countRead(result.readBytes);
    cells.add(EndpointTcpCell::kWriteBytes, result.writtenBytes);
  } else {
    connection_.listener().countWritten(result.writtenBytes);
    cells.add(EndpointTcpCell::kReadBytes, result.readBytes);
  }
}

// ---- failing ----

/// The first failure is the reason; `failedSource` is the way whose source failed.
void TcpSession::noteFailure(Way failedSource, int sysErrno) noexcept {
  const bool downstreamFailed = failedSource == Way::Up;
  int& slot = downstreamFailed ? downstreamErrno_ : upstreamErrno_;
  if (slot == 0) {
    slot = sysErrno;
  }
  if (!std::exchange(failed_, true)) {
    if (downstreamFailed) {
      reason_ = telemetry::downstreamLoss(sysErrno);
    } else {
      reason_ = telemetry::upstreamLoss(sysErrno);
      ended(Way::Down);
    }
  }
}

/// A client that has ended its half gets no early close: the endpoint may only have agreed.
void TcpSession::ended(Way way) noexcept {
  if (way == Way::Down && !up_.over()) {
    closedEarly_ = down_.readBytes() == 0 && context().loop().now() < earlyUntil_;
  }
}

/// Nothing can come from that side and nothing can go to it; the other side gets what came before.
void TcpSession::readFailed(Way way, int sysErrno) noexcept {
  noteFailure(way, sysErrno);
  pumpOf(way == Way::Up ? Way::Down : Way::Up).abandon();
  startFlushing(way);
}

/// That side takes nothing any more, but what it has sent before it failed may still wait to be
/// read.
void TcpSession::writeFailed(Way way, int sysErrno) noexcept {
  const Way back = way == Way::Up ? Way::Down : Way::Up;
  noteFailure(back, sysErrno);
  pumpOf(way).abandon();
  pumpOf(back).withholdEnd();
  transport::Side& source = endsOf(back).from;
  source.readReady = true;
  source.readHangup = true;
  context().loop().continueLater(*this);
}

void TcpSession::startFlushing(Way way) noexcept {
  state_ = State::Flushing;
  flushWay_ = way;
  flushUntil_ = context().loop().now() + kFlushTimeout;
  flush();
}

void TcpSession::flush() noexcept {
  Pump& pump = pumpOf(flushWay_);
  const Pump::Ends ends = endsOf(flushWay_);
  const Pump::Result result = pump.flush(context(), ends);
  account(flushWay_, result);
  const bool sending = result.outcome == Pump::Outcome::Blocked ||
                       (result.outcome == Pump::Outcome::Ended &&
                        context().sockets().unsentBytes(ends.to.transport->fd()) > 0);
  if (sending && context().loop().now() < flushUntil_) {
    connection_.armTimer(kFlushPoll);
    return;
  }
  end();
}

// ---- ending ----

void TcpSession::onTimer() noexcept {
  if (state_ == State::Flushing) {
    flush();
    return;
  }
  const auto idleTimeout = connection_.listener().settings().idleTimeout;
  if (!idleTimeout) {
    return;
  }
  if (context().loop().now() - lastActive_ >= *idleTimeout) {
    abort(CloseReason::IdleTimeout);
  } else {
    armIdleTimer();
  }
}

void TcpSession::armIdleTimer() noexcept {
  const auto idleTimeout = connection_.listener().settings().idleTimeout;
  if (idleTimeout) {
    connection_.armTimer(*idleTimeout - (context().loop().now() - lastActive_));
  }
}

void TcpSession::abort(CloseReason reason) noexcept {
  if (state_ == State::Ended) {
    return;
  }
  failed_ = true;
  reason_ = reason;
  end();
}

void TcpSession::end() noexcept {
  state_ = State::Ended;
  unlink();
  // The session stays until its connection is freed at the end of the turn; what it holds goes now.
  connector_.reset();
  up_.abandon();
  down_.abandon();
  if (failed_) {
    if (upstream_.transport != nullptr) {
      upstream_.transport->reset();
    }
    downstream().transport->reset();
  }
  upstream_.transport.reset();
  const upstream::Endpoint* endpoint = endpoint_;
  const Ending ending{
      .reason = reason_,
      .downstreamErrno = downstreamErrno_,
      .upstreamErrno = upstreamErrno_,
      .clusterId = cluster_.settings().id,
      .endpointId = endpoint == nullptr ? base::EndpointId{} : endpoint->id,
      .upstreamAddress =
          endpoint == nullptr ? nullptr : &connection_.addressOf(*endpoint, cluster_),
      .connectUs = connectUs_,
      .downstreamReadBytes = up_.readBytes(),
      .upstreamReadBytes = down_.readBytes(),
      .attemptCount = attemptCount_,
      .protocol = protocol_,
  };
  upstream::Endpoint* held = std::exchange(endpoint_, nullptr);
  if (held != nullptr) {
    if (closedEarly_) {
      cluster_.closedEarly(*held, upstreamErrno_);
    } else if (down_.readBytes() > 0 && held->earlyCloseCount > 0) {
      cluster_.answered(*held);
    }
    cluster_.countClose(*held, connection_.direction(), upstreamErrno_);
  }
  connection_.end(ending);
  if (held != nullptr) {
    cluster_.released(*held);
  }
}

bool TcpSession::endpointRemovedBy(base::TimePoint time) const noexcept {
  return endpoint_ != nullptr && endpoint_->removedBy(time);
}

void TcpSession::describe(ConnectionView& view) const {
  const upstream::Endpoint* endpoint = connector_ == nullptr ? endpoint_ : connector_->endpoint();
  if (endpoint != nullptr) {
    view.endpointId = endpoint->id;
    view.upstreamAddress = connection_.addressOf(*endpoint, cluster_).toString();
  }
  view.clusterId = cluster_.settings().id;
  switch (state_) {
    case State::Connecting:
      view.state = ConnectionState::Connecting;
      break;
    case State::Open:
      view.state = ConnectionState::Open;
      break;
    case State::Flushing:
    case State::Ended:
      view.state = ConnectionState::Closing;
      break;
  }
  view.protocol = protocol_;
  view.idleMs = base::wholeMilliseconds(context().loop().now() - lastActive_);
  view.downstreamReadBytes = up_.readBytes();
  view.upstreamReadBytes = down_.readBytes();
  view.bufferedBytes = up_.heldBytes() + down_.heldBytes();
  view.spliced = up_.spliced() || down_.spliced();
}

void TcpSession::dispose() noexcept {
  connection_.connections().freeTcpSession(*this);
}

}  // namespace weft::proxy
