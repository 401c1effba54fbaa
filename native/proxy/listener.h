// Listener: what one worker knows about a listener: its settings, its metric runs, how many
// connections it has open. The socket itself is the acceptor's. Owned by the worker; outlives its
// connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/gate.h"
#include "base/ids.h"
#include "base/local_ptr.h"
#include "codec/client_hello.h"
#include "proxy/backend_turns.h"
#include "proxy/destinations.h"
#include "proxy/router.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"
#include "upstream/cluster_runtime.h"

namespace weft::proxy {

class Listener {
 public:
  using Clusters = std::unordered_map<base::ClusterId, std::unique_ptr<upstream::ClusterRuntime>>;

  Listener(telemetry::CellTable& cellTable, std::shared_ptr<base::Gate> gate,
           std::shared_ptr<const snapshot::Listener> settings);

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// New settings of the same listener, and the runtimes of the clusters that they name.
  void apply(std::shared_ptr<const snapshot::Listener> settings, const Clusters& clusters,
             std::uint32_t workerCount);

  /// What original destinations mean from now on; of a transparent listener.
  void applyClaims(std::shared_ptr<const Destinations> destinations);

  /// The listener has left the configuration.
  void remove(base::TimePoint now) noexcept {
    removed_ = true;
    removedAt_ = now;
  }

  [[nodiscard]] const snapshot::Listener& settings() const noexcept { return *settings_; }

  [[nodiscard]] upstream::ClusterRuntime& cluster() const noexcept { return *cluster_; }

  /// The cluster for a connection that meant to go there.
  [[nodiscard]] upstream::ClusterRuntime& clusterFor(const base::Address& originalDst) const;

  /// Whether a ClientHello says where its connection goes.
  [[nodiscard]] bool routesTls() const noexcept { return settings_->tlsRouteTable != nullptr; }

  /// The cluster whose turn it is in the route that fits; null when none does. An empty name: the
  /// client sent none.
  [[nodiscard]] upstream::ClusterRuntime* routeTls(std::string_view serverName,
                                                   codec::AlpnNames offered) noexcept;

  /// Where requests of HTTP go by what they ask for; none when all go where their connection does.
  [[nodiscard]] const base::LocalPtr<Router>& router() const noexcept { return router_; }

  /// Null when it has left with the listener.
  [[nodiscard]] upstream::ClusterRuntime* clusterOf(base::ClusterId id) const noexcept;

  /// Whether a connection that meant to go there would come back to us.
  [[nodiscard]] bool isLoop(const base::Address& originalDst) const noexcept;

  /// Where one that no cluster claims is connected to.
  [[nodiscard]] base::Address targetOf(const base::Address& originalDst) const;

  /// What connections carry that came on their own account; Detect: the first bytes will tell.
  [[nodiscard]] snapshot::Protocol protocol() const noexcept { return protocol_; }

  /// The same of those to that port of that cluster.
  [[nodiscard]] snapshot::Protocol protocolFor(const snapshot::Cluster& cluster,
                                               std::uint16_t port) const noexcept;

  [[nodiscard]] bool removed() const noexcept { return removed_; }

  [[nodiscard]] base::TimePoint removedAt() const noexcept { return removedAt_; }

  [[nodiscard]] bool unused() const noexcept { return connectionsNow_ == 0; }

  /// False when the listener has its maximum of connections.
  [[nodiscard]] bool enter() noexcept;

  /// REQUIRES: an enter() that returned true.
  void leave() noexcept;

  void countOpen() noexcept;

  /// What a connection carries has become clear. REQUIRES: not Detect.
  void countProtocol(snapshot::Protocol protocol) noexcept {
    cells_.add(telemetry::ListenerTcpCell::kProtocols + static_cast<std::size_t>(protocol) - 1, 1);
  }

  /// A connection that was never opened: turned away.
  void countRefusal(telemetry::CloseReason reason) noexcept;
  void countClose(telemetry::CloseReason reason, int sysErrno) noexcept;

  /// A request that was answered by the proxy itself.
  void countReply(telemetry::CloseReason reason) noexcept {
    cells_.add(telemetry::ListenerTcpCell::kReplies + static_cast<std::size_t>(reason), 1);
  }

  /// Bytes read from downstream.
  void countRead(std::uint64_t bytes) noexcept {
    cells_.add(telemetry::ListenerTcpCell::kReadBytes, bytes);
  }

  /// Bytes written to downstream.
  void countWritten(std::uint64_t bytes) noexcept {
    cells_.add(telemetry::ListenerTcpCell::kWriteBytes, bytes);
  }

  /// True once for each time that the limit was reached after it was not.
  [[nodiscard]] bool limitIsNews() noexcept { return !std::exchange(limitReached_, true); }

 private:
  void applyRoutes(std::uint32_t workerCount);
  [[nodiscard]] telemetry::RunKey closeKey(int sysErrno) const noexcept;

  telemetry::CellTable& cellTable_;
  std::shared_ptr<base::Gate> gate_;
  std::shared_ptr<const snapshot::Listener> settings_;
  upstream::ClusterRuntime* cluster_ = nullptr;
  std::shared_ptr<const Destinations> destinations_;
  const Clusters* clusters_ = nullptr;
  std::vector<BackendTurns> turns_;  ///< Of each route of TLS.
  base::LocalPtr<Router> router_;
  telemetry::Cells cells_;
  telemetry::Cells cleanCloses_;
  std::uint32_t connectionsNow_ = 0;
  base::TimePoint removedAt_{};
  snapshot::Protocol protocol_ = snapshot::Protocol::Opaque;
  bool removed_ = false;
  bool limitReached_ = false;
};

}  // namespace weft::proxy
