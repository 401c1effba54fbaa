#include "support/snapshots.h"

#include <algorithm>
#include <string>
#include <utility>

#include "proxy/destinations.h"
#include "proxy/route_table.h"
#include "proxy/tls_routes.h"
#include "upstream/hash_table_builder.h"

namespace weft::test {

namespace {

template <typename T>
T* findIn(std::vector<T>& all, std::uint32_t number) {
  const auto found =
      std::ranges::find_if(all, [number](const T& one) { return one.id.number == number; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

base::Address addressOf(std::string_view text) {
  return base::Address::parse(text).value();
}

SnapshotBuilder::SnapshotBuilder() {
  next.drainTimeout = std::chrono::seconds(10);
  next.limits = {.connectionsMax = 10'000,
                 .requestsMax = 10'000,
                 .mirrorsMax = 100,
                 .bufferedBytesMax = std::uint64_t{64} * 1024 * 1024,
                 .pipeCountMax = 8,
                 .pipeBytes = 1024 * 1024};
}

snapshot::Listener& SnapshotBuilder::listener(std::uint32_t number) {
  if (snapshot::Listener* present = findIn(listeners_, number)) {
    return *present;
  }
  snapshot::Listener made;
  made.id = base::ListenerId{number};
  made.name = "listener-" + std::to_string(number);
  made.backlogCount = 4096;
  made.clusterId = base::ClusterId{1};
  made.connectionsMax = 10'000;
  made.accessLog = true;
  return listeners_.emplace_back(std::move(made));
}

snapshot::Cluster& SnapshotBuilder::cluster(std::uint32_t number) {
  if (snapshot::Cluster* present = findIn(clusters_, number)) {
    return *present;
  }
  snapshot::Cluster made;
  made.id = base::ClusterId{number};
  made.name = "cluster-" + std::to_string(number);
  made.balancer = {.type = snapshot::BalancerType::RoundRobin,
                   .rttDefault = std::chrono::milliseconds(30),
                   .decay = std::chrono::seconds(10)};
  made.connectTimeout = std::chrono::seconds(1);
  made.connectAttemptsMax = 3;
  made.ejection = {.consecutiveFailures = 1,
                   .earlyClose = {},
                   .consecutiveEarlyCloses = 3,
                   .baseTime = std::chrono::milliseconds(100),
                   .maxTime = std::chrono::seconds(10),
                   .sharePercentMax = 50,
                   .panicPercent = 0};
  return clusters_.emplace_back(std::move(made));
}

void SnapshotBuilder::setRoutes(std::uint32_t listenerNumber,
                                std::vector<snapshot::HttpRule> rules) {
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    rules[i].id = base::RouteId{i + 1};
  }
  listener(listenerNumber).routeTable =
      std::make_shared<const proxy::RouteTable>(++routesRevision_, std::move(rules));
}

void SnapshotBuilder::endpoint(std::uint32_t clusterNumber, std::uint32_t number,
                               const base::Address& address) {
  cluster(clusterNumber)
      .endpoints.push_back({.id = base::EndpointId{number}, .address = address, .weight = 1});
}

void SnapshotBuilder::removeListener(std::uint32_t number) {
  std::erase_if(listeners_, [number](const auto& one) { return one.id.number == number; });
}

void SnapshotBuilder::removeCluster(std::uint32_t number) {
  std::erase_if(clusters_, [number](const auto& one) { return one.id.number == number; });
}

void SnapshotBuilder::removeEndpoint(std::uint32_t clusterNumber, std::uint32_t number) {
  std::erase_if(cluster(clusterNumber).endpoints,
                [number](const auto& one) { return one.id.number == number; });
}

std::shared_ptr<const snapshot::Snapshot> SnapshotBuilder::build() {
  ++next.revision;
  auto built = std::make_shared<snapshot::Snapshot>(next);
  next.releasedRuns.clear();
  for (const snapshot::Listener& listener : listeners_) {
    auto made = std::make_shared<snapshot::Listener>(listener);
    if (!made->tlsRoutes.empty()) {
      made->tlsRouteTable = std::make_shared<const proxy::TlsRoutes>(made->tlsRoutes);
    }
    built->listeners.push_back(std::move(made));
  }
  for (snapshot::Cluster& cluster : clusters_) {
    cluster.revision = built->revision;
    cluster.hashTables = upstream::buildHashTables(cluster);
    built->clusters.push_back(std::make_shared<const snapshot::Cluster>(cluster));
  }
  built->destinations = std::make_shared<const proxy::Destinations>(*built);
  return built;
}

}  // namespace weft::test
