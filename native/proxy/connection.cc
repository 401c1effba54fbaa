#include "proxy/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
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
#include "base/hash.h"
#include "base/ids.h"
#include "base/network.h"
#include "codec/client_hello.h"
#include "codec/proxy_protocol.h"
#include "codec/tls_alert.h"
#include "os/poller.h"
#include "os/sockets.h"
#include "proxy/connection_view.h"
#include "proxy/connections.h"
#include "proxy/detect.h"
#include "proxy/http_session.h"
#include "proxy/listener.h"
#include "proxy/proxy_header_wait.h"
#include "proxy/session.h"
#include "proxy/tcp_session.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"
#include "telemetry/event.h"
#include "transport/transport.h"
#include "upstream/cluster_runtime.h"

namespace weft::proxy {

using telemetry::CloseReason;
using transport::Status;

Connection::Connection(Connections& connections, Listener& listener, base::ConnectionId id,
                       transport::TransportPtr transport) noexcept
    : connections_(connections),
      listener_(listener),
      id_(id),
      started_(connections.context().loop().now()),
      direction_(listener.settings().direction) {
  downstream_.adopt(std::move(transport));
}

void Connection::rememberOriginalDst(const base::Address& meant) {
  original_ = std::make_unique<const Original>(
      Original{.meant = meant, .target = listener_.targetOf(meant)});
}

void Connection::start() noexcept {
  os::Poller& poller = connections_.context().loop().poller();
  const auto added = poller.add(downstream_.transport->fd(), os::Interest::Read, *this);
  if (!added.ok()) {
    endUnserved(CloseReason::ResourcesExhausted, added.error().sysErrno);
    return;
  }
  secure();
}

void Connection::armTimer(base::Duration delay) noexcept {
  connections_.context().loop().arm(*this, delay);
}

/// Goes on with the handshake. A plain transport is open at once.
void Connection::secure() noexcept {
  const transport::IoResult opened = downstream_.transport->open();
  switch (opened.status) {
    case Status::Ok:
      secured();
      return;
    case Status::Failed:
    case Status::Eof:
      endUnserved(CloseReason::DownstreamReset, opened.sysErrno);
      return;
    case Status::WantRead:
    case Status::WantWrite:
      break;
  }
  os::Poller& poller = connections_.context().loop().poller();
  downstream_.readBlocked(opened.status, poller, *this);
  const auto timeout = listener_.settings().idleTimeout;
  if (!armed() && timeout) {
    armTimer(*timeout);
  }
}

/// The transport is open.
void Connection::secured() noexcept {
  cancel();
  downstream_.readReady = downstream_.readReady || downstream_.transport->hasBuffered();
  if (proxyHeaderExpected_) {
    waitForProxyHeader();
  } else {
    identify({});
  }
}

/// `first` has been read already.
void Connection::identify(base::Bytes first) noexcept {
  const snapshot::Protocol protocol = this->protocol();
  if (protocol == snapshot::Protocol::Detect || isRouted(protocol)) {
    Detection::begin(*this, first, protocol);
  } else {
    serve(cluster(), protocol, first, false);
  }
}

// ---- routes of TLS ----

upstream::ClusterRuntime* Connection::routeTls(base::Bytes first) noexcept {
  const auto hello = codec::ClientHello::parse(first);
  upstream::ClusterRuntime* const found =
      hello ? listener_.routeTls(hello->serverName(), hello->alpn())
            : listener_.routeTls({}, codec::AlpnNames({}));
  const bool forwards = listener_.settings().tlsUnrouted == snapshot::Unrouted::Forward;
  return found == nullptr && forwards ? &cluster() : found;
}

void Connection::endUnrouted(base::Bytes first) noexcept {
  std::size_t readBytes = first.size();
  listener_.countProtocol(snapshot::Protocol::Tls);
  if (codec::ClientHello::parse(first)) {
    // A socket takes so few bytes at once, or is lost. What waits to be read would turn the close
    // into a reset, which may overtake the alert.
    static_cast<void>(downstream_.transport->write(codec::kUnrecognizedNameAlert));
    readBytes += readDownstream(connections_.context().scratch.size()).bytes;
    static_cast<void>(downstream_.transport->shutdownWrite());
  } else {
    downstream_.transport->reset();
  }
  end({.reason = readBytes == 0 ? CloseReason::DownstreamGone : CloseReason::TlsNoRoute,
       .clusterId = {},
       .endpointId = {},
       .downstreamReadBytes = readBytes,
       .protocol = snapshot::Protocol::Tls});
}

// ---- the PROXY protocol ----

void Connection::expectProxyHeader(const base::Address& peer) noexcept {
  const auto& policy = listener_.settings().proxyProtocol;
  proxyHeaderExpected_ =
      policy && std::ranges::any_of(policy->from, [&peer](const base::Network& network) {
        return network.contains(peer);
      });
}

void Connection::waitForProxyHeader() noexcept {
  const auto& policy = listener_.settings().proxyProtocol;
  if (!policy) {
    // A reload came between.
    identify({});
    return;
  }
  detect(connections_.makeProxyHeaderWait(*this, *policy));
}

bool Connection::believe(const codec::ProxyHeader& header, base::Bytes bytes) noexcept {
  if (!header.named) {
    return true;
  }
  proxied_ = std::make_unique<Proxied>();
  proxied_->source = header.source;
  sourceKey_ = base::hashOfHost(header.source);
  if (peer_ != nullptr) {
    *peer_ = header.source;
  }
  return connections_.context().buffers.append(proxied_->header, bytes);
}

void Connection::headerOver(base::Bytes behind) noexcept {
  releaseRetired();
  state_ = State::Securing;
  identify(behind);
}

std::size_t Connection::writeProxyHeader(snapshot::ProxyVersion version,
                                         base::MutableBytes into) noexcept {
  codec::ProxyHeader header;
  if (proxied_ != nullptr) {
    static_cast<void>(codec::readProxyHeader(proxied_->header.unread(), header));
  }
  if (!header.named) {
    os::Sockets& sockets = connections_.context().sockets();
    const int fd = downstream_.transport->fd();
    header.named = true;
    header.source = sockets.peerAddress(fd);
    header.destination = original_ == nullptr ? sockets.ownAddress(fd) : original_->meant;
  }
  const bool first = version == snapshot::ProxyVersion::V1;
  return codec::writeProxyHeader(first ? codec::ProxyVersion::V1 : codec::ProxyVersion::V2, header,
                                 into);
}

transport::IoResult Connection::readDownstream(std::size_t room) noexcept {
  Context& context = connections_.context();
  const base::MutableBytes into = context.scratch.first(std::min(room, context.scratch.size()));
  const transport::IoResult read = downstream_.transport->read(into);
  downstream_.afterRead();
  if (read.status == Status::WantRead || read.status == Status::WantWrite) {
    downstream_.readBlocked(read.status, context.loop().poller(), *this);
  } else if (read.bytes < into.size() && !downstream_.mayHoldMore()) {
    downstream_.readDrained();
  }
  listener_.countRead(read.bytes);
  return read;
}

// ---- serving ----

void Connection::detect(SessionPtr wait) noexcept {
  if (wait == nullptr) {
    endUnserved(CloseReason::ResourcesExhausted, ENOMEM);
    return;
  }
  state_ = State::Detecting;
  session_ = std::move(wait);
  session_->start();
}

void Connection::serve(upstream::ClusterRuntime& cluster, snapshot::Protocol protocol,
                       base::Bytes first, bool ended) noexcept {
  if (protocol == snapshot::Protocol::Http1) {
    serveHttp(first);
    return;
  }
  TcpSessionPtr session = connections_.makeTcpSession(*this, cluster, protocol);
  if (session != nullptr && ended) {
    session->preload(os::Buffer(), true);
  } else if (session != nullptr && !first.empty() &&
             !session->preload(connections_.context().buffers, first)) {
    endUnserved(CloseReason::BufferLimit, 0);
    return;
  }
  serve(std::move(session), protocol);
}

void Connection::serveHttp(base::Bytes first) noexcept {
  HttpSessionPtr session = connections_.makeHttpSession(*this);
  os::Buffer bytes;
  if (session != nullptr && !first.empty()) {
    if (!connections_.context().buffers.append(bytes, first)) {
      endUnserved(CloseReason::BufferLimit, 0);
      return;
    }
    session->preload(std::move(bytes));
  }
  serve(std::move(session), snapshot::Protocol::Http1);
}

void Connection::becomeOpaque(TcpSessionPtr session) noexcept {
  releaseRetired();
  session_ = std::move(session);
  session_->start();
}

void Connection::drain() noexcept {
  if (state_ == State::Serving) {
    session_->drain();
  }
}

std::string Connection::destinationText() const {
  return (original_ == nullptr
              ? connections_.context().sockets().ownAddress(downstream_.transport->fd())
              : original_->meant)
      .toString();
}

void Connection::serve(SessionPtr session, snapshot::Protocol protocol) noexcept {
  if (session == nullptr) {
    endUnserved(CloseReason::ResourcesExhausted, ENOMEM);
    return;
  }
  listener_.countProtocol(protocol);
  if (state_ == State::Detecting) {
    releaseRetired();
  }
  state_ = State::Serving;
  session_ = std::move(session);
  session_->start();
}

/// The session lives until the end of the turn: it has retired itself.
void Connection::releaseRetired() noexcept {
  cancel();
  [[maybe_unused]] const Session* lives = session_.release();
}

void Connection::upstreamOpen() noexcept {
  if (proxied_ != nullptr) {
    proxied_->header.release();
  }
}

void Connection::onReady(os::Ready ready) noexcept {
  if (state_ == State::Closed) {
    return;
  }
  downstream_.note(ready);
  if (state_ == State::Securing) {
    secure();
  } else {
    session_->onDownstreamReady();
  }
}

void Connection::onTimer() noexcept {
  if (state_ == State::Securing) {
    endUnserved(CloseReason::IdleTimeout, 0);
  } else if (state_ != State::Closed) {
    session_->onTimer();
  }
}

void Connection::abort(CloseReason reason) noexcept {
  if (state_ == State::Securing) {
    endUnserved(reason, 0);
  } else if (state_ != State::Closed) {
    session_->abort(reason);
  }
}

void Connection::endUnserved(CloseReason reason, int sysErrno) noexcept {
  downstream_.transport->reset();
  end({.reason = reason,
       .downstreamErrno = sysErrno,
       .clusterId = cluster().settings().id,
       .endpointId = {}});
}

void Connection::end(const Ending& ending) noexcept {
  WEFT_CHECK(state_ != State::Closed);
  state_ = State::Closed;
  cancel();
  listener_.countClose(ending.reason, ending.downstreamErrno);
  if (logged()) {
    report(ending);
  }
  downstream_.transport.reset();
  connections_.ended(*this);
  connections_.context().loop().retire(*this);
}

void Connection::report(const Ending& ending) noexcept {
  os::Loop& loop = connections_.context().loop();
  const std::uint64_t wallUs = loop.wallUs();
  const auto ageUs = static_cast<std::uint64_t>((loop.now() - started_).count());
  const int sysErrno = ending.upstreamErrno != 0 ? ending.upstreamErrno : ending.downstreamErrno;
  const std::array<std::uint64_t, 12> numbers = {
      id_.number,
      listener_.settings().id.number,
      ending.clusterId.number,
      ending.endpointId.number,
      static_cast<std::uint64_t>(ending.reason),
      static_cast<std::uint64_t>(sysErrno),
      wallUs - ageUs,
      ending.connectUs,
      ending.downstreamReadBytes,
      ending.upstreamReadBytes,
      ending.attemptCount,
      static_cast<std::uint64_t>(ending.protocol),
  };
  const std::string downstream = peer_->toString();
  const std::string upstream =
      ending.upstreamAddress == nullptr ? std::string() : ending.upstreamAddress->toString();
  const std::string originalDst =
      original_ == nullptr ? std::string() : original_->meant.toString();
  const std::array<std::string_view, 3> fields = {downstream, upstream, originalDst};
  connections_.context().upstream.events.emit({.kind = telemetry::EventKind::ConnectionClosed,
                                               .wallUs = wallUs,
                                               .numbers = numbers,
                                               .fields = fields});
}

base::Address Connection::source() const {
  if (peer_ != nullptr) {
    return *peer_;
  }
  return proxied_ == nullptr
             ? connections_.context().sockets().peerAddress(downstream_.transport->fd())
             : proxied_->source;
}

ConnectionView Connection::view() const {
  Context& context = connections_.context();
  ConnectionView view;
  view.worker = context.workerIndex;
  view.connectionId = id_;
  view.listenerId = listener_.settings().id;
  view.clusterId = cluster().settings().id;
  view.downstreamAddress = source().toString();
  if (original_ != nullptr) {
    view.originalDst = original_->meant.toString();
  }
  view.ageMs = base::wholeMilliseconds(context.loop().now() - started_);
  if (session_ != nullptr) {
    session_->describe(view);
  }
  return view;
}

void Connection::dispose() noexcept {
  connections_.freeConnection(*this);
}

}  // namespace weft::proxy
