#include "proxy/connection.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/ids.h"
#include "os/poller.h"
#include "proxy/connection_view.h"
#include "proxy/connections.h"
#include "proxy/detect.h"
#include "proxy/listener.h"
#include "proxy/session.h"
#include "proxy/tcp_session.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"
#include "telemetry/event.h"
#include "transport/transport.h"

namespace weft::proxy {

using telemetry::CloseReason;
using transport::Status;

namespace {

std::uint64_t milliseconds(base::Duration duration) noexcept {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

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
  const snapshot::Protocol protocol = this->protocol();
  if (protocol == snapshot::Protocol::Detect) {
    Detection::begin(*this);
  } else {
    serve(connections_.makeTcpSession(*this, cluster(), protocol), protocol);
  }
}

void Connection::detect(DetectionPtr detection) noexcept {
  if (detection == nullptr) {
    endUnserved(CloseReason::ResourcesExhausted, ENOMEM);
    return;
  }
  state_ = State::Detecting;
  session_ = std::move(detection);
  session_->start();
}

void Connection::serve(TcpSessionPtr session, snapshot::Protocol protocol) noexcept {
  if (session == nullptr) {
    endUnserved(CloseReason::ResourcesExhausted, ENOMEM);
    return;
  }
  listener_.countProtocol(protocol);
  if (state_ == State::Detecting) {
    cancel();
    // Detection lives until the end of the turn: it has retired itself.
    [[maybe_unused]] Session* retired = session_.release();
  }
  state_ = State::Serving;
  session_ = std::move(session);
  session_->start();
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
  if (peer_ != nullptr) {
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

ConnectionView Connection::view() const {
  Context& context = connections_.context();
  ConnectionView view;
  view.worker = context.workerIndex;
  view.connectionId = id_;
  view.listenerId = listener_.settings().id;
  view.clusterId = cluster().settings().id;
  view.downstreamAddress = context.sockets().peerAddress(downstream_.transport->fd()).toString();
  if (original_ != nullptr) {
    view.originalDst = original_->meant.toString();
  }
  view.ageMs = milliseconds(context.loop().now() - started_);
  if (session_ != nullptr) {
    session_->describe(view);
  }
  return view;
}

void Connection::dispose() noexcept {
  connections_.freeConnection(*this);
}

}  // namespace weft::proxy
