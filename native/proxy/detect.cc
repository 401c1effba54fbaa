#include "proxy/detect.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "codec/sniffer.h"
#include "os/buffer_pool.h"
#include "os/object_pool.h"
#include "os/poller.h"
#include "proxy/connection.h"
#include "proxy/connection_view.h"
#include "proxy/connections.h"
#include "proxy/context.h"
#include "proxy/http_session.h"
#include "proxy/listener.h"
#include "proxy/session.h"
#include "proxy/tcp_session.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"
#include "telemetry/close_reason.h"
#include "transport/side.h"
#include "transport/transport.h"
#include "upstream/cluster_runtime.h"
#include "upstream/connect_close_reason.h"
#include "upstream/connector.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/http_client.h"
#include "upstream/http_memory.h"

namespace weft::proxy {

namespace {

using codec::Sniffed;
using snapshot::Protocol;
using telemetry::CloseReason;
using transport::IoResult;
using transport::Status;

static_assert(codec::kSniffBytesMax <= os::BufferPool::kBufferBytesMax);

/// REQUIRES: a verdict.
Protocol protocolOf(Sniffed verdict) noexcept {
  switch (verdict) {
    case Sniffed::Http1:
      return Protocol::Http1;
    case Sniffed::Http2:
      return Protocol::Http2;
    case Sniffed::Tls:
      return Protocol::Tls;
    case Sniffed::NeedMore:
    case Sniffed::Opaque:
      break;
  }
  return Protocol::Opaque;
}

/// A hint is the last word on what is counted; without it the bytes are.
Protocol carried(Protocol hint, Protocol sniffed) noexcept {
  return hint == Protocol::Detect ? sniffed : hint;
}

}  // namespace

// ---- the first read ----

void Detection::begin(Connection& connection, base::Bytes first, Protocol hint) noexcept {
  Connections& connections = connection.connections();
  const IoResult read = first.empty() ? connection.readDownstream(codec::kSniffBytesMax)
                                      : IoResult{.bytes = first.size()};
  const base::Bytes bytes =
      first.empty() ? base::Bytes(connections.context().scratch.first(read.bytes)) : first;
  codec::Sniffer sniffer;
  Sniffed verdict = Sniffed::NeedMore;
  switch (read.status) {
    case Status::Ok:
      verdict = sniffer.advance(bytes);
      break;
    case Status::Eof:
      verdict = Sniffed::Opaque;
      break;
    case Status::Failed:
      connection.endUnserved(CloseReason::DownstreamGone, read.sysErrno);
      return;
    case Status::WantRead:
    case Status::WantWrite:
      break;
  }
  if (verdict == Sniffed::NeedMore) {
    wait(connection, sniffer, bytes, hint);
    return;
  }
  const Protocol protocol = carried(hint, protocolOf(verdict));
  upstream::ClusterRuntime* const cluster = connection.clusterFor(protocol, bytes);
  if (cluster == nullptr) {
    connection.endUnrouted(bytes);
    return;
  }
  connection.serve(*cluster, protocol, bytes, bytes.empty());
}

void Detection::wait(Connection& connection, const codec::Sniffer& sniffer, base::Bytes bytes,
                     Protocol hint) noexcept {
  DetectionPtr detection = connection.connections().makeDetection(connection, sniffer, hint);
  if (detection != nullptr && !bytes.empty() && !detection->hold(bytes)) {
    connection.endUnserved(CloseReason::BufferLimit, 0);
    return;
  }
  connection.detect(std::move(detection));
}

Detection::Detection(Connection& connection, const codec::Sniffer& sniffer, Protocol hint) noexcept
    : connection_(connection),
      sniffer_(sniffer),
      lastRead_(connection.connections().context().loop().now()),
      hint_(hint),
      // No server of TLS speaks first, and only the names tell to whom to connect.
      earlyAsked_(hint != Protocol::Detect) {}

Detection::~Detection() {
  WEFT_ASSERT(early_.endpoint == nullptr);
}

bool Detection::hold(base::Bytes bytes) noexcept {
  lastRead_ = context().loop().now();
  if (held_.empty()) {
    firstRead_ = lastRead_;
  }
  return context().buffers.append(held_, bytes);
}

Context& Detection::context() const noexcept {
  return connection_.connections().context();
}

// ---- waiting ----

void Detection::start() noexcept {
  arm();
  if (connection_.downstream().readReady) {
    onDownstreamReady();
  }
}

/// When the connection to the endpoint is made for a client that has not spoken; once.
std::optional<base::TimePoint> Detection::earlyAt() const noexcept {
  const auto& after = connection_.listener().settings().serverFirstAfter;
  return earlyAsked_ || !after ? std::nullopt : std::optional(connection_.started() + *after);
}

/// For whatever comes first: the early connection, the end of what is undecided, the idle timeout.
/// A silent pair has only the last one.
void Detection::arm() noexcept {
  const snapshot::Listener& settings = connection_.listener().settings();
  base::TimePoint next = earlyAt().value_or(base::TimePoint::max());
  if (!held_.empty()) {
    next = std::min(next, firstRead_ + settings.detectTimeout);
  }
  if (settings.idleTimeout) {
    next = std::min(next, lastRead_ + *settings.idleTimeout);
  }
  if (next != base::TimePoint::max()) {
    connection_.armTimer(std::max(next - context().loop().now(), base::Duration::zero()));
  }
}

void Detection::onTimer() noexcept {
  const snapshot::Listener& settings = connection_.listener().settings();
  const base::TimePoint now = context().loop().now();
  if (settings.idleTimeout && now - lastRead_ >= *settings.idleTimeout) {
    abort(CloseReason::IdleTimeout);
    return;
  }
  if (!held_.empty() && now - firstRead_ >= settings.detectTimeout) {
    decide(Protocol::Opaque, false);
    return;
  }
  const auto early = earlyAt();
  if (early && now >= *early) {
    connectEarly();
  }
  if (!over_) {
    arm();
  }
}

// ---- downstream speaks ----

void Detection::onDownstreamReady() noexcept {
  while (!over_ && connection_.downstream().readReady && readMore()) {
  }
}

/// False when there is nothing more to read here.
bool Detection::readMore() noexcept {
  const IoResult read = connection_.readDownstream(codec::kSniffBytesMax - held_.size());
  switch (read.status) {
    case Status::Ok:
      break;
    case Status::Eof:
      decide(Protocol::Opaque, true);
      return false;
    case Status::Failed:
      readFailed(read.sysErrno);
      return false;
    case Status::WantRead:
    case Status::WantWrite:
      return false;
  }
  const bool first = held_.empty();
  if (!hold(context().scratch.first(read.bytes))) {
    abort(CloseReason::BufferLimit);
    return false;
  }
  const Sniffed verdict = sniffer_.advance(held_.unread());
  if (verdict != Sniffed::NeedMore) {
    decide(protocolOf(verdict), false);
    return false;
  }
  if (first) {
    arm();
  }
  return true;
}

void Detection::readFailed(int sysErrno) noexcept {
  downstreamErrno_ = sysErrno;
  if (early_.endpoint == nullptr) {
    end(CloseReason::DownstreamGone);
  } else {
    end(telemetry::downstreamLoss(sysErrno));
  }
}

// ---- upstream speaks ----

void Detection::connectEarly() noexcept {
  earlyAsked_ = true;
  cluster_ = &connection_.cluster();
  connector_ = connection_.connections().makeConnector(*this, *this, *cluster_, connection_);
  if (connector_ == nullptr) {
    abort(CloseReason::ResourcesExhausted);
    return;
  }
  connector_->start(connection_.sourceKey());
}

void Detection::onConnected(upstream::Connected connected) noexcept {
  early_.endpoint = connected.endpoint;
  early_.side.adopt(std::move(connected.transport));
  early_.side.writeArmed = true;
  early_.side.readReady = early_.side.transport->hasBuffered();
  early_.since = context().loop().now();
  early_.connectUs = connected.connectUs();
  early_.attemptCount = static_cast<std::uint8_t>(connected.attemptCount);
  connector_.reset();
}

std::size_t Detection::writeProxyHeader(snapshot::ProxyVersion version,
                                        base::MutableBytes into) noexcept {
  return connection_.writeProxyHeader(version, into);
}

void Detection::onConnectFailed(const base::Error& error, std::uint32_t attemptCount) noexcept {
  early_.attemptCount = static_cast<std::uint8_t>(attemptCount);
  upstreamErrno_ = error.sysErrno;
  abort(upstream::connectCloseReason(error));
}

void Detection::onReady(os::Ready ready) noexcept {
  if (connector_ != nullptr) {
    connector_->onReady(ready);
  }
  // What arrived together with the answer to the connect is not told again.
  if (over_ || early_.endpoint == nullptr) {
    return;
  }
  early_.side.note(ready);
  lookUpstream();
}

/// Whether the server has spoken, or ended.
void Detection::lookUpstream() noexcept {
  if (!early_.side.readReady) {
    return;
  }
  if (early_.side.secured) {
    readSecured();
  } else {
    decide(Protocol::Opaque, false);
  }
}

/// What makes a secured stream readable may be the transport's own; only a read tells.
void Detection::readSecured() noexcept {
  transport::Side& from = early_.side;
  const IoResult read = from.transport->read(
      context().scratch.first(std::min(codec::kSniffBytesMax, context().scratch.size())));
  from.afterRead();
  if (read.status == Status::WantRead || read.status == Status::WantWrite) {
    from.readBlocked(read.status, context().loop().poller(), *this);
    return;
  }
  if (read.status == Status::Failed) {
    upstreamErrno_ = read.sysErrno;
    end(telemetry::upstreamLoss(read.sysErrno));
    return;
  }
  early_.readEnded = read.status == Status::Eof;
  if (read.bytes > 0 &&
      !context().buffers.append(early_.read, context().scratch.first(read.bytes))) {
    abort(CloseReason::BufferLimit);
    return;
  }
  const auto direction = static_cast<std::size_t>(connection_.direction());
  early_.endpoint->cells[direction].add(telemetry::EndpointTcpCell::kReadBytes, read.bytes);
  decide(Protocol::Opaque, false);
}

// ---- the verdict ----

/// `ended`: downstream's end was read behind what is held.
void Detection::decide(Protocol sniffed, bool ended) noexcept {
  Connections& connections = connection_.connections();
  const Protocol protocol = carried(hint_, sniffed);
  upstream::ClusterRuntime* const cluster = connection_.clusterFor(protocol, held_.unread());
  if (cluster_ != cluster) {
    dropEarly();
  }
  if (cluster == nullptr) {
    over_ = true;
    connection_.endUnrouted(held_.unread());
    held_.release();
    return;
  }
  if (protocol == Protocol::Http1) {
    decideHttp();
    return;
  }
  TcpSessionPtr session = connections.makeTcpSession(connection_, *cluster, protocol);
  if (session == nullptr) {
    abort(CloseReason::ResourcesExhausted);
    return;
  }
  session->preload(std::move(held_), ended);
  if (early_.endpoint != nullptr) {
    session->adopt(std::exchange(early_, EarlyUpstream{}));
  } else if (connector_ != nullptr) {
    session->adopt(std::move(connector_));
  }
  over_ = true;
  context().loop().retire(*this);
  connection_.serve(std::move(session), protocol);
}

/// Each request has its own endpoint: the early connection is one of its endpoint's from now on.
void Detection::decideHttp() noexcept {
  HttpSessionPtr session = connection_.connections().makeHttpSession(connection_);
  if (session == nullptr) {
    abort(CloseReason::ResourcesExhausted);
    return;
  }
  session->preload(std::move(held_));
  if (early_.endpoint != nullptr && early_.read.empty() && !early_.readEnded) {
    offerEarly();
  }
  dropEarly();
  over_ = true;
  context().loop().retire(*this);
  connection_.serve(std::move(session), Protocol::Http1);
}

void Detection::offerEarly() noexcept {
  upstream::Context& upstream = context().upstream;
  upstream::HttpClient* client =
      upstream.http.clients.make(upstream, *cluster_, *early_.endpoint, connection_.direction(),
                                 cluster_->settings().originalDst ? connection_.target() : nullptr);
  if (client != nullptr) {
    upstream::Endpoint& endpoint = *std::exchange(early_.endpoint, nullptr);
    client->adopt(std::move(early_.side));
    cluster_->endRequest(endpoint);
  }
}

/// The early connection leads to another place than the first bytes: it closes unused.
void Detection::dropEarly() noexcept {
  connector_.reset();
  early_.side.transport.reset();
  early_.read.release();
  if (upstream::Endpoint* endpoint = std::exchange(early_.endpoint, nullptr)) {
    cluster_->countClose(*endpoint, connection_.direction(), 0);
    cluster_->released(*endpoint);
  }
  cluster_ = nullptr;
}

// ---- ending ----

void Detection::abort(CloseReason reason) noexcept {
  if (!over_) {
    end(reason);
  }
}

void Detection::end(CloseReason reason) noexcept {
  over_ = true;
  const std::size_t readBytes = held_.size();
  held_.release();
  early_.read.release();
  connector_.reset();
  if (early_.side.transport != nullptr) {
    early_.side.transport->reset();
    early_.side.transport.reset();
  }
  connection_.downstream().transport->reset();
  upstream::Endpoint* endpoint = std::exchange(early_.endpoint, nullptr);
  const Ending ending{
      .reason = reason,
      .downstreamErrno = downstreamErrno_,
      .upstreamErrno = upstreamErrno_,
      .clusterId = (cluster_ == nullptr ? connection_.cluster() : *cluster_).settings().id,
      .endpointId = endpoint == nullptr ? base::EndpointId{} : endpoint->id,
      .upstreamAddress =
          endpoint == nullptr ? nullptr : &connection_.addressOf(*endpoint, *cluster_),
      .connectUs = early_.connectUs,
      .downstreamReadBytes = readBytes,
      .attemptCount = early_.attemptCount,
  };
  if (endpoint != nullptr) {
    const auto earlyClose = cluster_->earlyClose();
    if (upstreamErrno_ != 0 && earlyClose && context().loop().now() - early_.since < *earlyClose) {
      cluster_->closedEarly(*endpoint, upstreamErrno_);
    }
    cluster_->countClose(*endpoint, connection_.direction(), upstreamErrno_);
  }
  connection_.end(ending);
  if (endpoint != nullptr) {
    cluster_->released(*endpoint);
  }
}

bool Detection::endpointRemovedBy(base::TimePoint time) const noexcept {
  return early_.endpoint != nullptr && early_.endpoint->removedBy(time);
}

void Detection::describe(ConnectionView& view) const {
  const upstream::Endpoint* endpoint =
      connector_ == nullptr ? early_.endpoint : connector_->endpoint();
  if (endpoint != nullptr) {
    view.clusterId = cluster_->settings().id;
    view.endpointId = endpoint->id;
    view.upstreamAddress = connection_.addressOf(*endpoint, *cluster_).toString();
  }
  view.showWaiting(context().loop().now() - lastRead_, held_.size());
}

void Detection::dispose() noexcept {
  connection_.connections().freeDetection(*this);
}

}  // namespace weft::proxy
