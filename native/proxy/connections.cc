#include "proxy/connections.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/address.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/intrusive_list.h"
#include "codec/sniffer.h"
#include "os/object_pool.h"
#include "os/poller.h"
#include "proxy/connection.h"
#include "proxy/detect.h"
#include "proxy/listener.h"
#include "proxy/mirror.h"
#include "proxy/proxy_header_wait.h"
#include "proxy/tcp_session.h"
#include "snapshot/listener.h"
#include "telemetry/cells.h"
#include "telemetry/close_reason.h"
#include "telemetry/event.h"
#include "transport/transport.h"
#include "upstream/cluster_runtime.h"
#include "upstream/connector.h"

namespace weft::proxy {

using telemetry::CloseReason;
using telemetry::WorkerCell;

Connections::~Connections() {
  WEFT_CHECK(count() == 0);
}

void Connections::accept(Listener& listener, int fd, const base::Address& peer) noexcept {
  std::optional<base::Address> originalDst;
  if (listener.settings().transparent) {
    originalDst = context_.sockets().originalDst(fd);
    // Who was not redirected means this proxy itself.
    if (!originalDst || listener.isLoop(*originalDst)) {
      turnAway(listener, fd, CloseReason::Loop);
      return;
    }
  }
  if (!gate_.enter(connectionsMax_)) {
    turnAway(listener, fd, CloseReason::ConnectionLimit);
    return;
  }
  if (!listener.enter()) {
    gate_.leave();
    turnAway(listener, fd, CloseReason::ListenerLimit);
    return;
  }
  const bool unixSocket = peer.family() == base::AddressFamily::Unix;
  transport::TransportPtr transport = context_.upstream.transports.accepted(fd, unixSocket);
  const base::ConnectionId id{(std::uint64_t{context_.workerIndex} << 40U) | nextNumber_++};
  Connection* connection =
      transport == nullptr ? nullptr : pool_.make(*this, listener, id, std::move(transport));
  if (connection == nullptr) {
    listener.leave();
    gate_.leave();
    listener.countRefusal(CloseReason::ResourcesExhausted);
    reportEnded();
    return;
  }
  ++counts_[static_cast<std::size_t>(connection->direction())];
  context_.workerCells().add(WorkerCell::ConnectionsNow);
  listener.countOpen();
  open_.pushBack(*connection);
  connection->setSourceKey(base::hashOfHost(peer));
  if (originalDst) {
    connection->rememberOriginalDst(*originalDst);
  }
  if (listener.settings().accessLog || listener.settings().http.forwarded) {
    connection->rememberPeer(peer);
  }
  connection->expectProxyHeader(peer);
  connection->start();
}

void Connections::turnAway(Listener& listener, int fd, CloseReason reason) noexcept {
  context_.sockets().reset(fd);
  listener.countRefusal(reason);
  if (listener.limitIsNews()) {
    const std::array<std::uint64_t, 3> numbers = {
        static_cast<std::uint64_t>(reason), listener.settings().id.number, base::ClusterId::kNone};
    context_.upstream.events.emit({.kind = telemetry::EventKind::LimitReached,
                                   .wallUs = context_.loop().wallUs(),
                                   .numbers = numbers,
                                   .fields = {}});
  }
  reportEnded();
}

void Connections::ended(Connection& connection) noexcept {
  static_cast<base::ListNode<Connection>&>(connection).unlink();
  --counts_[static_cast<std::size_t>(connection.direction())];
  context_.workerCells().subtract(WorkerCell::ConnectionsNow);
  connection.listener().leave();
  gate_.leave();
  reportEnded();
}

void Connections::reportEnded() noexcept {
  if (ended_) {
    ended_();
  }
}

void Connections::abortAll(CloseReason reason) noexcept {
  while (Connection* connection = open_.front()) {
    connection->abort(reason);
  }
  while (Mirror* mirror = mirrors_.front()) {
    mirror->abandon();
  }
}

/// Whoever is visited may end.
template <typename Visit>
void Connections::forEachThatMayEnd(Visit visit) noexcept {
  Connection* next = nullptr;
  for (Connection* connection = open_.front(); connection != nullptr; connection = next) {
    next = open_.next(*connection);
    visit(*connection);
  }
}

std::uint32_t Connections::abortAll(snapshot::Direction direction, CloseReason reason) noexcept {
  const std::uint32_t before = count(direction);
  forEachThatMayEnd([direction, reason](Connection& connection) {
    if (connection.direction() == direction) {
      connection.abort(reason);
    }
  });
  return before;
}

void Connections::drain(snapshot::Direction direction) noexcept {
  forEachThatMayEnd([direction](Connection& connection) {
    if (connection.direction() == direction) {
      connection.drain();
    }
  });
}

void Connections::drainRemoved() noexcept {
  forEachThatMayEnd([](Connection& connection) {
    if (connection.listener().removed()) {
      connection.drain();
    }
  });
}

void Connections::abortRemovedBy(base::TimePoint time) noexcept {
  forEachThatMayEnd([time](Connection& connection) {
    const Listener& listener = connection.listener();
    if (listener.removed() && listener.removedAt() <= time) {
      connection.abort(CloseReason::ListenerRemoved);
    } else if (connection.endpointRemovedBy(time)) {
      connection.abort(CloseReason::EndpointRemoved);
    }
  });
}

void Connections::forEach(const std::function<bool(const Connection&)>& visit) {
  for (Connection* connection = open_.front(); connection != nullptr;
       connection = open_.next(*connection)) {
    if (!visit(*connection)) {
      return;
    }
  }
}

void Connections::trim() noexcept {
  pool_.trim();
  detections_.trim();
  proxyHeaderWaits_.trim();
  sessions_.trim();
  httpSessions_.trim();
  exchanges_.trim();
  added_.trim();
  mirrorPool_.trim();
  connectors_.trim();
  context_.buffers.trim();
  context_.upstream.pipes.trim();
  context_.upstream.transports.trim();
}

TcpSessionPtr Connections::makeTcpSession(Connection& connection, upstream::ClusterRuntime& cluster,
                                          snapshot::Protocol protocol) noexcept {
  return TcpSessionPtr(sessions_.make(connection, cluster, protocol));
}

DetectionPtr Connections::makeDetection(Connection& connection, const codec::Sniffer& sniffer,
                                        snapshot::Protocol hint) noexcept {
  return DetectionPtr(detections_.make(connection, sniffer, hint));
}

ProxyHeaderWaitPtr Connections::makeProxyHeaderWait(
    Connection& connection, const snapshot::ProxyProtocol& policy) noexcept {
  return ProxyHeaderWaitPtr(proxyHeaderWaits_.make(connection, policy));
}

Mirror* Connections::makeMirror(upstream::ClusterRuntime& cluster,
                                std::string proxyHeader) noexcept {
  Mirror* const made = mirrorCount() < mirrorsMax_
                           ? mirrorPool_.make(*this, cluster, std::move(proxyHeader))
                           : nullptr;
  if (made != nullptr) {
    mirrors_.pushBack(*made);
  }
  return made;
}

os::PoolPtr<upstream::Connector> Connections::makeConnector(os::Pollable& pollable,
                                                            upstream::ConnectorOwner& owner,
                                                            upstream::ClusterRuntime& cluster,
                                                            const Connection& connection) noexcept {
  auto connector =
      connectors_.makeOwned(context_.upstream, cluster, connection.direction(), pollable, owner);
  if (connector != nullptr && cluster.settings().originalDst) {
    connector->setTarget(connection.target());
  }
  return connector;
}

}  // namespace weft::proxy
