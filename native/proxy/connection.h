// Connection: one accepted stream from admission to its end: secure -> detect -> serve -> closed.
// It owns the downstream side and the session, counts the ending exactly once, and is freed at the
// end of the turn. Owned by the worker's Connections.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/address.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/intrusive_list.h"
#include "codec/proxy_protocol.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "os/poller.h"
#include "proxy/detect.h"
#include "proxy/listener.h"
#include "proxy/session.h"
#include "proxy/tcp_session.h"
#include "transport/side.h"
#include "upstream/cluster_runtime.h"

namespace weft::proxy {

class Connections;

/// What a header of the PROXY protocol said.
struct Proxied {
  base::Address source;
  os::Buffer header;  ///< To be passed on; kept as long as there is a connection to be made.
};

class Connection final : public os::Pollable,
                         private os::Timer,
                         private os::Retired,
                         public base::ListNode<Connection> {
 public:
  Connection(Connections& connections, Listener& listener, base::ConnectionId id,
             transport::TransportPtr transport) noexcept;
  ~Connection() = default;

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Registers the descriptor and starts. May end the connection at once.
  void start() noexcept;

  /// What the peer's address says about the choice of an endpoint.
  void setSourceKey(std::uint64_t key) noexcept { sourceKey_ = key; }

  /// Nothing when the peer has no IP address.
  [[nodiscard]] std::optional<std::uint64_t> sourceKey() const noexcept {
    return sourceKey_ == 0 ? std::nullopt : std::optional(sourceKey_);
  }

  /// Remembered for the access log only.
  void rememberPeer(const base::Address& peer) { peer_ = std::make_unique<base::Address>(peer); }

  /// Who sent it: the peer, or on whose behalf it came.
  [[nodiscard]] base::Address source() const;

  /// Where the peer meant to go before it was redirected.
  void rememberOriginalDst(const base::Address& meant);

  /// The cluster that it goes to.
  [[nodiscard]] upstream::ClusterRuntime& cluster() const {
    return original_ == nullptr ? listener_.cluster() : listener_.clusterFor(original_->meant);
  }

  /// The cluster that it goes to when it carries this and begins with `first`: TLS may have a route
  /// of its own. Null: it goes nowhere.
  [[nodiscard]] upstream::ClusterRuntime* clusterFor(snapshot::Protocol protocol,
                                                     base::Bytes first) noexcept {
    return isRouted(protocol) ? routeTls(first) : &cluster();
  }

  /// What it carries; Detect: the first bytes will tell.
  [[nodiscard]] snapshot::Protocol protocol() const {
    return original_ == nullptr
               ? listener_.protocol()
               : listener_.protocolFor(cluster().settings(), original_->meant.port());
  }

  /// Where to connect, when the cluster has no addresses of its own.
  [[nodiscard]] const base::Address* target() const noexcept {
    return original_ == nullptr ? nullptr : &original_->target;
  }

  /// Where it is connected to when that endpoint of the cluster was chosen.
  [[nodiscard]] const base::Address& addressOf(
      const upstream::Endpoint& endpoint, const upstream::ClusterRuntime& cluster) const noexcept {
    return cluster.settings().originalDst && target() != nullptr ? *target() : endpoint.address;
  }

  /// Whether a header of the PROXY protocol from `peer` is believed, and is to come.
  void expectProxyHeader(const base::Address& peer) noexcept;

  /// `header` says on whose behalf this is, and lies in `bytes`. False when there is no memory.
  [[nodiscard]] bool believe(const codec::ProxyHeader& header, base::Bytes bytes) noexcept;

  /// Goes on with what came behind the header, or with what came when there was none.
  void headerOver(base::Bytes behind) noexcept;

  /// What the cluster is told of this connection before everything else.
  [[nodiscard]] std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                             base::MutableBytes into) noexcept;

  /// Where the peer meant to go, for who does not say so.
  [[nodiscard]] std::string destinationText() const;

  /// What was kept for the header is not needed any more.
  void upstreamOpen() noexcept;

  /// One read into the scratch, of at most `room` bytes.
  [[nodiscard]] transport::IoResult readDownstream(std::size_t room) noexcept;

  [[nodiscard]] transport::Side& downstream() noexcept { return downstream_; }

  [[nodiscard]] Listener& listener() noexcept { return listener_; }

  /// As it was at the start, also when a reload gives the listener another one.
  [[nodiscard]] snapshot::Direction direction() const noexcept { return direction_; }

  [[nodiscard]] Connections& connections() noexcept { return connections_; }

  /// What it carries and where it goes is clear from `first`, or from its end; `ended`: nothing
  /// came before that.
  void serve(upstream::ClusterRuntime& cluster, snapshot::Protocol protocol, base::Bytes first,
             bool ended) noexcept;

  /// The same with a session that has not started.
  void serve(SessionPtr session, snapshot::Protocol protocol) noexcept;

  /// The session has retired itself: what follows is bytes.
  void becomeOpaque(TcpSessionPtr session) noexcept;

  /// Before its session: resets it.
  void endUnserved(telemetry::CloseReason reason, int sysErrno) noexcept;

  /// What it began with leads nowhere: tells the client, if it speaks TLS, and ends.
  void endUnrouted(base::Bytes first) noexcept;

  [[nodiscard]] base::ConnectionId id() const noexcept { return id_; }

  /// Whether it has a line in the access log.
  [[nodiscard]] bool logged() const noexcept {
    return peer_ != nullptr && listener_.settings().accessLog;
  }

  [[nodiscard]] base::TimePoint started() const noexcept { return started_; }

  /// One timer serves the connection and its session.
  void armTimer(base::Duration delay) noexcept;

  /// The session has ended; its sides are closed. Counts, reports, and retires the connection.
  void end(const Ending& ending) noexcept;

  /// As Session.
  void drain() noexcept;

  /// Resets both sides, whatever they are doing.
  void abort(telemetry::CloseReason reason) noexcept;

  [[nodiscard]] bool endpointRemovedBy(base::TimePoint time) const noexcept {
    return session_ != nullptr && session_->endpointRemovedBy(time);
  }

  /// `wait` is what it is until it is clear what it carries; null: there was no memory for it.
  void detect(SessionPtr wait) noexcept;

  [[nodiscard]] ConnectionView view() const;

 private:
  void onReady(os::Ready ready) noexcept override;
  void onTimer() noexcept override;
  void dispose() noexcept override;

  void secure() noexcept;
  void secured() noexcept;
  void waitForProxyHeader() noexcept;
  void identify(base::Bytes first) noexcept;
  void releaseRetired() noexcept;

  /// The names of a ClientHello say where it goes.
  [[nodiscard]] bool isRouted(snapshot::Protocol protocol) const noexcept {
    return protocol == snapshot::Protocol::Tls && listener_.routesTls();
  }

  [[nodiscard]] upstream::ClusterRuntime* routeTls(base::Bytes first) noexcept;
  void serveHttp(base::Bytes first) noexcept;
  void report(const Ending& ending) noexcept;

  struct Original {
    base::Address meant;
    base::Address target;
  };

  enum class State : std::uint8_t { Securing, Detecting, Serving, Closed };

  Connections& connections_;
  Listener& listener_;
  transport::Side downstream_;
  SessionPtr session_;
  std::unique_ptr<base::Address> peer_;
  std::unique_ptr<const Original> original_;
  std::unique_ptr<Proxied> proxied_;
  const base::ConnectionId id_;
  const base::TimePoint started_;
  std::uint64_t sourceKey_ = 0;
  const snapshot::Direction direction_;
  State state_ = State::Securing;
  bool proxyHeaderExpected_ = false;
};

static_assert(sizeof(Connection) <= 176);

}  // namespace weft::proxy
