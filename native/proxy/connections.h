// Connections: everything that is open in one worker, and the pools that it lives in. Admits,
// starts, ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/gate.h"
#include "base/intrusive_list.h"
#include "os/object_pool.h"
#include "proxy/connection.h"
#include "proxy/context.h"
#include "proxy/detect.h"
#include "proxy/exchange.h"
#include "proxy/http_session.h"
#include "proxy/listener.h"
#include "proxy/mirror.h"
#include "proxy/proxy_header_wait.h"
#include "proxy/tcp_session.h"

namespace weft::proxy {

class Connections {
 public:
  /// `gate` counts the connections of the process.
  Connections(Context& context, base::Gate& gate) noexcept : context_(context), gate_(gate) {}

  ~Connections();

  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// A descriptor that the acceptor handed over: admits it or turns it away. The descriptor is ours
  /// in both cases.
  void accept(Listener& listener, int fd, const base::Address& peer) noexcept;

  /// Of the process.
  void setConnectionsMax(std::uint32_t max) noexcept { connectionsMax_ = max; }

  /// Of this worker, under way.
  void setRequestsMax(std::uint32_t max) noexcept { requestsMax_ = max; }

  /// The same of copies.
  void setMirrorsMax(std::uint32_t max) noexcept { mirrorsMax_ = max; }

  [[nodiscard]] std::uint32_t count() const noexcept {
    return count(snapshot::Direction::Inbound) + count(snapshot::Direction::Outbound);
  }

  [[nodiscard]] std::uint32_t count(snapshot::Direction direction) const noexcept {
    return counts_[static_cast<std::size_t>(direction)];
  }

  /// Resets all connections.
  void abortAll(telemetry::CloseReason reason) noexcept;

  /// Resets those of one direction; returns how many there were.
  std::uint32_t abortAll(snapshot::Direction direction, telemetry::CloseReason reason) noexcept;

  /// Those of one direction, as Session::drain().
  void drain(snapshot::Direction direction) noexcept;

  /// Those whose listener has left the configuration, the same.
  void drainRemoved() noexcept;

  /// Resets the connections whose listener or endpoint left the configuration at or before `time`.
  void abortRemovedBy(base::TimePoint time) noexcept;

  /// Calls back for each until that says false.
  void forEach(const std::function<bool(const Connection&)>& visit);

  /// Called with each ending, after it was counted.
  void onEnded(std::function<void()> ended) { ended_ = std::move(ended); }

  /// Gives unused memory back.
  void trim() noexcept;

  // ---- for connections and sessions ----

  [[nodiscard]] Context& context() noexcept { return context_; }

  /// Whether there is room for one more request, whatever copies there are.
  [[nodiscard]] bool admitsRequest() const noexcept {
    return requestsNow_ < requestsMax_ + mirrorCount();
  }

  /// Null when there is no memory.
  [[nodiscard]] TcpSessionPtr makeTcpSession(Connection& connection,
                                             upstream::ClusterRuntime& cluster,
                                             snapshot::Protocol protocol) noexcept;
  [[nodiscard]] DetectionPtr makeDetection(Connection& connection, const codec::Sniffer& sniffer,
                                           snapshot::Protocol hint) noexcept;
  [[nodiscard]] ProxyHeaderWaitPtr makeProxyHeaderWait(
      Connection& connection, const snapshot::ProxyProtocol& policy) noexcept;
  [[nodiscard]] os::PoolPtr<upstream::Connector> makeConnector(
      os::Pollable& pollable, upstream::ConnectorOwner& owner, upstream::ClusterRuntime& cluster,
      const Connection& connection) noexcept;

  [[nodiscard]] HttpSessionPtr makeHttpSession(Connection& connection) noexcept {
    return HttpSessionPtr(httpSessions_.make(connection));
  }

  [[nodiscard]] Exchange* makeExchange(ExchangeDownstream& downstream,
                                       Exchange::Parts&& parts) noexcept {
    Exchange* const made = exchanges_.make(*this, downstream, std::move(parts));
    requestsNow_ += made == nullptr ? 0 : 1;
    return made;
  }

  /// Null when there is no memory.
  [[nodiscard]] os::PoolPtr<Added> makeAdded() noexcept { return added_.makeOwned(); }

  /// Null when there are enough, or there is no memory.
  [[nodiscard]] Mirror* makeMirror(upstream::ClusterRuntime& cluster,
                                   std::string proxyHeader) noexcept;

  void freeMirror(Mirror& mirror) noexcept { mirrorPool_.destroy(&mirror); }

  void freeHttpSession(HttpSession& session) noexcept { httpSessions_.destroy(&session); }

  void freeExchange(Exchange& exchange) noexcept {
    --requestsNow_;
    exchanges_.destroy(&exchange);
  }

  void freeTcpSession(TcpSession& session) noexcept { sessions_.destroy(&session); }

  void freeDetection(Detection& detection) noexcept { detections_.destroy(&detection); }

  void freeProxyHeaderWait(ProxyHeaderWait& wait) noexcept { proxyHeaderWaits_.destroy(&wait); }

  void freeConnection(Connection& connection) noexcept { pool_.destroy(&connection); }

  /// The connection leaves the list and the counts.
  void ended(Connection& connection) noexcept;

 private:
  [[nodiscard]] std::size_t mirrorCount() const noexcept { return mirrorPool_.liveCount(); }

  void turnAway(Listener& listener, int fd, telemetry::CloseReason reason) noexcept;
  void reportEnded() noexcept;

  template <typename Visit>
  void forEachThatMayEnd(Visit visit) noexcept;

  Context& context_;
  base::Gate& gate_;
  std::uint32_t connectionsMax_ = 0;
  std::uint32_t requestsMax_ = 0;
  std::uint32_t requestsNow_ = 0;
  std::uint32_t mirrorsMax_ = 0;
  std::array<std::uint32_t, 2> counts_{};  ///< For each direction.
  std::uint64_t nextNumber_ = 0;
  std::function<void()> ended_;
  os::ObjectPool<Connection> pool_;
  os::ObjectPool<Detection> detections_;
  os::ObjectPool<ProxyHeaderWait> proxyHeaderWaits_;
  os::ObjectPool<TcpSession> sessions_;
  os::ObjectPool<HttpSession> httpSessions_;
  os::ObjectPool<Added> added_;
  os::ObjectPool<Exchange> exchanges_;
  os::ObjectPool<Mirror> mirrorPool_;
  os::ObjectPool<upstream::Connector> connectors_;
  base::IntrusiveList<Mirror, Mirror> mirrors_;
  base::IntrusiveList<Connection, Connection> open_;
};

}  // namespace weft::proxy
