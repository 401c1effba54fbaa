#include "proxy/listener.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/gate.h"
#include "base/ids.h"
#include "codec/client_hello.h"
#include "proxy/destinations.h"
#include "proxy/tls_routes.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"
#include "telemetry/close_reason.h"
#include "upstream/cluster_runtime.h"

namespace weft::proxy {

using telemetry::ListenerTcpCell;
using telemetry::RunKey;
using telemetry::RunKind;

Listener::Listener(telemetry::CellTable& cellTable, std::shared_ptr<base::Gate> gate,
                   std::shared_ptr<const snapshot::Listener> settings)
    : cellTable_(cellTable), gate_(std::move(gate)), settings_(std::move(settings)) {
  const auto direction = static_cast<std::uint32_t>(settings_->direction);
  cells_ = cellTable_.run(
      {.kind = RunKind::ListenerTcp, .ids = {settings_->id.number, direction, 0, 0, 0}});
  cleanCloses_ = cellTable_.run(closeKey(0));
}

void Listener::apply(std::shared_ptr<const snapshot::Listener> settings, const Clusters& clusters) {
  settings_ = std::move(settings);
  clusters_ = &clusters;
  cluster_ = clusters.at(settings_->clusterId).get();
  removed_ = false;
  protocol_ = protocolFor(cluster_->settings(), settings_->address.port());
  // Shares go on where backends stay, whatever else a snapshot brings.
  shares_.resize(settings_->tlsRoutes.size());
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    const std::size_t count = settings_->tlsRoutes[i].backendRefs.size();
    if (shares_[i].size() != count) {
      shares_[i].assign(count, 0);
    }
  }
}

/// The closest word counts: of the port, of the cluster, of the listener.
snapshot::Protocol Listener::protocolFor(const snapshot::Cluster& cluster,
                                         std::uint16_t port) const noexcept {
  for (const snapshot::PortProtocol& ports : settings_->portProtocols) {
    if (ports.firstPort <= port && port <= ports.lastPort) {
      return ports.protocol;
    }
  }
  return cluster.protocol.value_or(settings_->protocol);
}

void Listener::applyClaims(std::shared_ptr<const Destinations> destinations) {
  destinations_ = std::move(destinations);
}

upstream::ClusterRuntime* Listener::routeTls(std::string_view serverName,
                                             codec::AlpnNames offered) noexcept {
  const TlsRoutes& routes = *settings_->tlsRouteTable;
  const auto route = routes.match(serverName, offered);
  if (!route) {
    return nullptr;
  }
  // Of a removed listener the cluster may be gone.
  const auto found = clusters_->find(nextBackend(*route));
  return found == clusters_->end() ? nullptr : found->second.get();
}

/// Smooth weighted turns: every backend is owed its weight, and who is owed most pays for all.
/// After as many turns as all weights together each has had exactly its share.
base::ClusterId Listener::nextBackend(std::size_t route) noexcept {
  const std::vector<snapshot::BackendRef>& backends = settings_->tlsRoutes[route].backendRefs;
  std::vector<std::int64_t>& owed = shares_[route];
  std::size_t next = 0;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < backends.size(); ++i) {
    owed[i] += backends[i].weight;
    total += backends[i].weight;
    next = owed[i] > owed[next] ? i : next;
  }
  owed[next] -= total;
  return backends[next].clusterId;
}

upstream::ClusterRuntime& Listener::clusterFor(const base::Address& originalDst) const {
  // What comes in is for the workload, whoever claims its address.
  if (destinations_ != nullptr && settings_->direction == snapshot::Direction::Outbound) {
    const auto claimant = destinations_->claimant(originalDst);
    const auto found = claimant ? clusters_->find(*claimant) : clusters_->end();
    if (found != clusters_->end()) {
      return *found->second;
    }
  }
  return *cluster_;
}

bool Listener::isLoop(const base::Address& originalDst) const noexcept {
  if (destinations_ == nullptr) {
    return false;
  }
  const bool inbound = settings_->direction == snapshot::Direction::Inbound;
  return destinations_->isOurs(originalDst, inbound) ||
         (inbound && destinations_->isOurs(targetOf(originalDst), true));
}

base::Address Listener::targetOf(const base::Address& originalDst) const {
  if (settings_->direction != snapshot::Direction::Inbound ||
      settings_->workloadAddress != snapshot::WorkloadAddress::Loopback) {
    return originalDst;
  }
  return originalDst.family() == base::AddressFamily::Ipv4
             ? base::Address::ipv4({127, 0, 0, 1}, originalDst.port())
             : base::Address::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                                   originalDst.port(), 0);
}

RunKey Listener::closeKey(int sysErrno) const noexcept {
  constexpr std::uint32_t kDownstreamPeer = 0;
  return {
      .kind = RunKind::CloseErrno,
      .ids = {kDownstreamPeer, static_cast<std::uint32_t>(settings_->direction),
              settings_->id.number, base::EndpointId::kNone, static_cast<std::uint32_t>(sysErrno)}};
}

bool Listener::enter() noexcept {
  if (!gate_->enter(settings_->connectionsMax)) {
    return false;
  }
  ++connectionsNow_;
  limitReached_ = false;
  return true;
}

void Listener::leave() noexcept {
  --connectionsNow_;
  gate_->leave();
}

void Listener::countOpen() noexcept {
  cells_.add(ListenerTcpCell::kOpens, 1);
  cells_.add(ListenerTcpCell::kOpenNow, 1);
}

void Listener::countRefusal(telemetry::CloseReason reason) noexcept {
  cells_.add(ListenerTcpCell::kCloses + static_cast<std::size_t>(reason), 1);
}

void Listener::countClose(telemetry::CloseReason reason, int sysErrno) noexcept {
  countRefusal(reason);
  cells_.subtract(ListenerTcpCell::kOpenNow, 1);
  telemetry::Cells closes = sysErrno == 0 ? cleanCloses_ : cellTable_.run(closeKey(sysErrno));
  closes.add(telemetry::CloseErrnoCell::kCloses, 1);
}

}  // namespace weft::proxy
