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
#include "base/local_ptr.h"
#include "codec/client_hello.h"
#include "proxy/destinations.h"
#include "proxy/route_table.h"
#include "proxy/router.h"
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

void Listener::apply(std::shared_ptr<const snapshot::Listener> settings, const Clusters& clusters,
                     std::uint32_t workerCount) {
  settings_ = std::move(settings);
  clusters_ = &clusters;
  cluster_ = clusters.at(settings_->clusterId).get();
  removed_ = false;
  protocol_ = protocolFor(cluster_->settings(), settings_->address.port());
  // Turns go on where backends stay, whatever else a snapshot brings.
  turns_.resize(settings_->tlsRoutes.size());
  for (std::size_t i = 0; i < turns_.size(); ++i) {
    turns_[i].reset(settings_->tlsRoutes[i].backendRefs.size());
  }
  applyRoutes(workerCount);
}

void Listener::applyRoutes(std::uint32_t workerCount) {
  const std::shared_ptr<const RouteTable>& table = settings_->routeTable;
  if (table == nullptr) {
    router_ = {};
  } else if (!router_ || router_->table().revision() != table->revision()) {
    router_ = base::LocalPtr<Router>(std::make_unique<Router>(table, router_.get(), workerCount));
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
  return clusterOf(turns_[*route].next(settings_->tlsRoutes[*route].backendRefs).clusterId);
}

upstream::ClusterRuntime* Listener::clusterOf(base::ClusterId id) const noexcept {
  const auto found = clusters_->find(id);
  return found == clusters_->end() ? nullptr : found->second.get();
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
