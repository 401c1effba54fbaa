#include "binding/read_snapshot.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <js_native_api_types.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/network.h"
#include "binding/field_reader.h"
#include "binding/node.h"
#include "binding/read_routes.h"
#include "binding/read_values.h"
#include "binding/words.h"
#include "proxy/destinations.h"
#include "proxy/route_table.h"
#include "proxy/tls_routes.h"
#include "snapshot/cluster.h"
#include "snapshot/endpoint.h"
#include "snapshot/listener.h"
#include "snapshot/route.h"
#include "snapshot/snapshot.h"
#include "upstream/hash_table_builder.h"

namespace weft::binding {

namespace {

using snapshot::Cluster;
using snapshot::Endpoint;
using snapshot::Keepalive;
using snapshot::Listener;
using ClusterPtr = std::shared_ptr<const Cluster>;
using ClustersById = std::unordered_map<base::ClusterId, ClusterPtr>;

std::optional<Keepalive> readKeepalive(const Field& field) {
  return field.orNull([](const Field& present) {
    return Keepalive{.idle = present.at("idleMs").duration(kKeepaliveRange),
                     .interval = present.at("intervalMs").duration(kKeepaliveRange),
                     .probesMax = present.at("probesMax").number<std::uint32_t>(kProbesRange)};
  });
}

snapshot::Limits readLimits(const Field& field) {
  return {.connectionsMax = field.at("connectionsMax").number<std::uint32_t>(kCountRange),
          .requestsMax = field.at("requestsMax").number<std::uint32_t>(kCountRange),
          .mirrorsMax = field.at("mirrorsMax").number<std::uint32_t>(kCountOrNoneRange),
          .bufferedBytesMax = field.at("bufferedBytesMax").integer({.min = 1}),
          .pipeCountMax = field.at("pipeCountMax").number<std::uint32_t>(kCountOrNoneRange),
          .pipeBytes = field.at("pipeBytes").number<std::uint32_t>(kPipeBytesRange)};
}

std::optional<std::uint32_t> readCountOrNull(const Field& field) {
  return field.orNull(
      [](const Field& present) { return present.number<std::uint32_t>(kCountRange); });
}

std::optional<std::uint32_t> readMode(const Field& field) {
  return field.orNull(
      [](const Field& present) { return present.number<std::uint32_t>(kModeRange); });
}

snapshot::Protocol readProtocol(const Field& field) {
  return field.word<snapshot::Protocol>(kProtocolWords);
}

std::vector<snapshot::PortProtocol> readPortProtocols(Reading& reading, const Field& field) {
  std::vector<snapshot::PortProtocol> ports;
  readEach(reading, field, [&](const Field& element) {
    ports.push_back({.firstPort = element.at("firstPort").number<std::uint16_t>(kPortRange),
                     .lastPort = element.at("lastPort").number<std::uint16_t>(kPortRange),
                     .protocol = readProtocol(element.at("protocol"))});
  });
  return ports;
}

std::vector<snapshot::BackendRef> readBackendRefs(Reading& reading, const Field& field) {
  std::vector<snapshot::BackendRef> backends;
  readEach(reading, field, [&](const Field& element) {
    backends.push_back({.clusterId = readId<base::ClusterId>(element.at("clusterId")),
                        .weight = element.at("weight").number<std::uint32_t>(kWeightRange)});
  });
  if (reading.ok() && backends.empty()) {
    field.fail("expected at least one backend");
  }
  return backends;
}

std::vector<snapshot::TlsRoute> readTlsRoutes(Reading& reading, const Field& field) {
  std::vector<snapshot::TlsRoute> routes;
  readEach(reading, field, [&](const Field& element) {
    routes.push_back({.hostnames = readTexts(reading, element.at("hostnames")),
                      .alpn = readTexts(reading, element.at("alpn")),
                      .backendRefs = readBackendRefs(reading, element.at("backendRefs"))});
  });
  return routes;
}

base::Network readNetwork(const Field& field) {
  const Field addressField = field.at("address");
  const base::Address address = addressField.address();
  const bool ipv6 = address.family() == base::AddressFamily::Ipv6;
  if (address.family() == base::AddressFamily::Unix) {
    addressField.fail("expected an IP address");
  }
  const auto prefixBits =
      field.at("prefixBits").number<std::uint8_t>({.min = 0, .max = ipv6 ? 128U : 32U});
  return {address, prefixBits};
}

std::optional<snapshot::ProxyProtocol> readProxyProtocol(Reading& reading, const Field& field) {
  return field.orNull([&reading](const Field& present) {
    snapshot::ProxyProtocol policy{
        .from = {},
        .timeout = present.at("timeoutMs").duration(kDurationRange),
        .required = present.at("required").boolean(),
    };
    readEach(reading, present.at("from"),
             [&policy](const Field& network) { policy.from.push_back(readNetwork(network)); });
    return policy;
  });
}

std::optional<snapshot::Forwarded> readForwarded(Reading& reading, const Field& field) {
  return field.orNull([&reading](const Field& present) {
    snapshot::Forwarded forwarded{.xForwarded = present.at("xForwarded").boolean(),
                                  .forwarded = present.at("forwarded").boolean(),
                                  .from = {}};
    readEach(reading, present.at("from"), [&forwarded](const Field& network) {
      forwarded.from.push_back(readNetwork(network));
    });
    return forwarded;
  });
}

snapshot::HttpListener readHttpListener(Reading& reading, const Field& field) {
  return {.headBytesMax = field.at("headBytesMax").number<std::uint32_t>(kHeadBytesRange),
          .fieldsMax = field.at("headFieldsMax").number<std::uint32_t>(kHeadFieldsRange),
          .headTimeout = field.at("headTimeoutMs").duration(kDurationRange),
          .errorHeader = field.at("errorHeader").boolean(),
          .forwarded = readForwarded(reading, field.at("forwarded")),
          .via = readFieldValue(field.at("via")),
          .requestId = readFieldValue(field.at("requestId"))};
}

snapshot::HttpCluster readHttpCluster(const Field& field) {
  return {.idleTimeout = field.at("idleTimeoutMs").duration(kDurationRange),
          .idleMax = field.at("idleMax").number<std::uint32_t>(kCountOrNoneRange),
          .ageMax = readDurationOrNull(field.at("ageMaxMs")),
          .queueMax = field.at("queueMax").number<std::uint32_t>(kCountOrNoneRange),
          .queueTimeout = field.at("queueTimeoutMs").duration(kDurationRange)};
}

std::shared_ptr<const proxy::RouteTable> routesBefore(const snapshot::Snapshot* previous,
                                                      base::ListenerId id) {
  if (previous != nullptr) {
    for (const std::shared_ptr<const Listener>& listener : previous->listeners) {
      if (listener->id == id) {
        return listener->routeTable;
      }
    }
  }
  return nullptr;
}

std::shared_ptr<const Listener> readListener(Reading& reading, const Field& field,
                                             const snapshot::Snapshot* previous,
                                             std::unordered_set<base::ListenerId>& taken) {
  auto listener = std::make_shared<Listener>(Listener{
      .id = readOwnId(field.at("id"), taken),
      .name = field.at("name").text(),
      .direction = field.at("direction").word<snapshot::Direction>(kDirectionWords),
      .address = field.at("address").address(),
      .ipv6Only = field.at("ipv6Only").boolean(),
      .unixMode = readMode(field.at("unixMode")),
      .backlogCount = field.at("backlogCount").number<std::uint32_t>(kUint16Range),
      .protocol = readProtocol(field.at("protocol")),
      .portProtocols = readPortProtocols(reading, field.at("portProtocols")),
      .serverFirstAfter = readDurationOrNull(field.at("serverFirstAfterMs")),
      .detectTimeout = field.at("detectTimeoutMs").duration(kDurationRange),
      .tlsRoutes = readTlsRoutes(reading, field.at("tlsRoutes")),
      .tlsUnrouted = field.at("tlsUnrouted").word<snapshot::Unrouted>(kUnroutedWords),
      .httpUnrouted = field.at("httpUnrouted").word<snapshot::Unrouted>(kUnroutedWords),
      .proxyProtocol = readProxyProtocol(reading, field.at("proxyProtocol")),
      .http = readHttpListener(reading, field.at("http")),
      .clusterId = readId<base::ClusterId>(field.at("clusterId")),
      .transparent = field.at("transparent").boolean(),
      .workloadAddress =
          field.at("workloadAddress").word<snapshot::WorkloadAddress>(kWorkloadAddressWords),
      .connectionsMax = field.at("connectionsMax").number<std::uint32_t>(kCountRange),
      .idleTimeout = readDurationOrNull(field.at("idleTimeoutMs")),
      .keepalive = readKeepalive(field.at("keepalive")),
      .userTimeout = readDurationOrNull(field.at("userTimeoutMs")),
      .accessLog = field.at("accessLog").boolean(),
  });
  listener->routeTable =
      field.at("httpRoutes")
          .orNull([&](const Field& present) {
            return readRouteTable(reading, present, routesBefore(previous, listener->id));
          })
          .value_or(nullptr);
  if (reading.ok() && !listener->tlsRoutes.empty()) {
    listener->tlsRouteTable = std::make_shared<const proxy::TlsRoutes>(listener->tlsRoutes);
  }
  const bool isUnix = listener->address.family() == base::AddressFamily::Unix;
  if (listener->unixMode.has_value() != isUnix) {
    field.at("unixMode")
        .fail(isUnix ? "expected the mode of the unix socket, got null"
                     : "expected null, as the address is no unix socket");
  }
  if (listener->transparent && isUnix) {
    field.at("transparent").fail("expected false, as nothing is redirected to a unix socket");
  }
  return listener;
}

std::optional<snapshot::SlowStart> readSlowStart(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::SlowStart{
        .window = present.at("windowMs").duration(kDurationRange),
        .minSharePercent = present.at("minSharePercent").number<std::uint32_t>(kPercentRange)};
  });
}

snapshot::HashKey readHashKey(const Field& field) {
  return {.type = field.at("type").word<snapshot::HashKeyType>(kHashKeyWords),
          .name = field.at("name").text(),
          .cookieMaxAge = readDurationOrNull(field.at("cookieMaxAgeMs"))};
}

snapshot::Balancer readBalancer(const Field& field) {
  snapshot::Balancer balancer{.type =
                                  field.at("type").word<snapshot::BalancerType>(kBalancerWords)};
  if (balancer.type == snapshot::BalancerType::P2cEwma) {
    balancer.rttDefault = field.at("rttDefaultMs").duration(kDurationRange);
    balancer.decay = field.at("decayMs").duration(kDurationRange);
  }
  if (snapshot::needsKey(balancer.type)) {
    balancer.loadBoundPercent = field.at("loadBoundPercent").orNull([](const Field& present) {
      return present.number<std::uint32_t>(kLoadBoundRange);
    });
    balancer.key = readHashKey(field.at("key"));
  } else {
    balancer.slowStart = readSlowStart(field.at("slowStart"));
  }
  return balancer;
}

std::optional<snapshot::ZonePreference> readZonePreference(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::ZonePreference{
        .usableSharePercentMin =
            present.at("usableSharePercentMin").number<std::uint32_t>(kPercentRange),
        .usableCountMin = present.at("usableCountMin").number<std::uint32_t>(kCountRange)};
  });
}

std::vector<snapshot::Destination> readDestinations(Reading& reading, const Field& field) {
  std::vector<snapshot::Destination> destinations;
  readEach(reading, field, [&](const Field& element) {
    const base::Address address = element.at("address").address();
    if (reading.ok() && address.family() == base::AddressFamily::Unix) {
      element.at("address").fail("expected an IP address, got a unix socket");
    }
    const bool isIpv4 = address.family() == base::AddressFamily::Ipv4;
    const auto bits = element.at("prefixBits").number<std::uint32_t>({.max = isIpv4 ? 32U : 128U});
    destinations.push_back({.address = address, .prefixBits = bits});
  });
  return destinations;
}

std::optional<snapshot::Ejection> readEjection(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::Ejection{
        .consecutiveFailures = present.at("consecutiveFailures").number<std::uint32_t>(kCountRange),
        .earlyClose = readDurationOrNull(present.at("earlyCloseMs")),
        .consecutiveEarlyCloses =
            present.at("consecutiveEarlyCloses").number<std::uint32_t>(kCountRange),
        .consecutiveServerErrors = readCountOrNull(present.at("consecutiveServerErrors")),
        .successPercentMin = present.at("successPercentMin").orNull([](const Field& percent) {
          return percent.number<std::uint32_t>(kPercentRange);
        }),
        .successRequestsMin = present.at("successRequestsMin").number<std::uint32_t>(kCountRange),
        .successWindow = present.at("successWindowMs").duration(kDurationRange),
        .baseTime = present.at("baseTimeMs").duration(kDurationRange),
        .maxTime = present.at("maxTimeMs").duration(kDurationRange),
        .sharePercentMax = present.at("sharePercentMax").number<std::uint32_t>(kPercentOrNoneRange),
        .panicPercent = present.at("panicPercent").number<std::uint32_t>(kPercentOrNoneRange)};
  });
}

std::optional<snapshot::HealthCheck> readHealthCheck(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::HealthCheck{
        .type = present.at("type").word<snapshot::HealthCheckType>(kHealthCheckWords),
        .interval = present.at("intervalMs").duration(kDurationRange),
        .timeout = present.at("timeoutMs").duration(kDurationRange),
        .consecutiveFailures = present.at("consecutiveFailures").number<std::uint32_t>(kCountRange),
        .consecutiveSuccesses =
            present.at("consecutiveSuccesses").number<std::uint32_t>(kCountRange),
        .path = readFieldValue(present.at("path")),
        .host = readFieldValue(present.at("host"))};
  });
}

std::vector<Endpoint> readEndpoints(Reading& reading, const Field& field) {
  std::vector<Endpoint> endpoints;
  std::unordered_set<base::EndpointId> taken;
  // An array may claim any length; its elements are looked at one by one.
  const std::size_t expected = std::min<std::size_t>(field.length(), kReservedMax);
  endpoints.reserve(expected);
  taken.reserve(expected);
  readEach(reading, field, [&](const Field& element) {
    endpoints.push_back({.id = readOwnId(element.at("id"), taken),
                         .address = element.at("address").address(),
                         .weight = element.at("weight").number<std::uint32_t>(kUint16Range),
                         .ownZone = element.at("ownZone").boolean()});
  });
  return endpoints;
}

ClusterPtr readCluster(Reading& reading, const Field& field, const ClustersById& previous,
                       std::unordered_set<base::ClusterId>& taken) {
  const base::ClusterId id = readOwnId(field.at("id"), taken);
  const std::uint64_t revision = field.at("revision").integer(kRevisionRange);
  const auto before = previous.find(id);
  if (before != previous.end() && before->second->revision == revision) {
    return before->second;
  }
  auto cluster = std::make_shared<Cluster>(Cluster{
      .id = id,
      .revision = revision,
      .name = field.at("name").text(),
      .protocol = field.at("protocol").orNull(readProtocol),
      .balancer = readBalancer(field.at("balancer")),
      .zonePreference = readZonePreference(field.at("zonePreference")),
      .connectTimeout = field.at("connectTimeoutMs").duration(kDurationRange),
      .connectAttemptsMax = field.at("connectAttemptsMax").number<std::uint32_t>(kCountRange),
      .proxyProtocol = field.at("proxyProtocol").orNull([](const Field& present) {
        return present.word<snapshot::ProxyVersion>(kProxyVersionWords);
      }),
      .ejection = readEjection(field.at("ejection")),
      .healthCheck = readHealthCheck(field.at("healthCheck")),
      .http = readHttpCluster(field.at("http")),
      .failFastAfter = readDurationOrNull(field.at("failFastAfterMs")),
      .connectionsMax = readCountOrNull(field.at("connectionsMax")),
      .pendingMax = readCountOrNull(field.at("pendingMax")),
      .endpointConnectionsMax = readCountOrNull(field.at("endpointConnectionsMax")),
      .keepalive = readKeepalive(field.at("keepalive")),
      .userTimeout = readDurationOrNull(field.at("userTimeoutMs")),
      .originalDst = field.at("originalDst").boolean(),
      .destinations = readDestinations(reading, field.at("destinations")),
      .endpoints = readEndpoints(reading, field.at("endpoints")),
  });
  if (reading.ok()) {
    cluster->hashTables = upstream::buildHashTables(*cluster);
  }
  return cluster;
}

snapshot::ReleasedRun readReleasedRun(const Field& field, std::uint32_t workerCount) {
  return {.worker = field.at("worker").number<std::uint32_t>({.max = workerCount - 1}),
          .run = field.at("run").number<std::uint32_t>(kCountOrNoneRange),
          .generation = field.at("generation").number<std::uint32_t>(kCountOrNoneRange)};
}

ClustersById clustersById(const snapshot::Snapshot* previous) {
  ClustersById found;
  if (previous != nullptr) {
    for (const ClusterPtr& cluster : previous->clusters) {
      found.emplace(cluster->id, cluster);
    }
  }
  return found;
}

/// Clusters come after listeners, so this is looked at last.
void checkClusterIds(const Field& listeners, const snapshot::Snapshot& read,
                     const std::unordered_set<base::ClusterId>& clusterIds) {
  const auto check = [&clusterIds](base::ClusterId id, const Field& owner) {
    if (!clusterIds.contains(id)) {
      owner.at("clusterId").fail("expected the id of a cluster, got " + std::to_string(id.number));
    }
  };
  for (std::uint32_t i = 0; i < read.listeners.size(); ++i) {
    const Listener& listener = *read.listeners[i];
    const Field field = listeners.at(i);
    check(listener.clusterId, field);
    for (std::uint32_t r = 0; r < listener.tlsRoutes.size(); ++r) {
      const auto& backends = listener.tlsRoutes[r].backendRefs;
      for (std::uint32_t b = 0; b < backends.size(); ++b) {
        check(backends[b].clusterId, field.at("tlsRoutes").at(r).at("backendRefs").at(b));
      }
    }
    if (listener.routeTable == nullptr) {
      continue;
    }
    const std::vector<snapshot::HttpRule>& rules = listener.routeTable->rules();
    for (std::uint32_t r = 0; r < rules.size(); ++r) {
      for (std::uint32_t b = 0; b < rules[r].backendRefs.size(); ++b) {
        if (!clusterIds.contains(rules[r].backendRefs[b].clusterId)) {
          check(rules[r].backendRefs[b].clusterId,
                field.at("httpRoutes").at("rules").at(r).at("backendRefs").at(b));
        }
      }
    }
  }
}

}  // namespace

std::shared_ptr<const snapshot::Snapshot> readSnapshot(Reading& reading, napi_value value,
                                                       const SnapshotContext& context) {
  const Field root(reading, value);
  const ClustersById previous = clustersById(context.previous);
  std::unordered_set<base::ListenerId> listenerIds;
  std::unordered_set<base::ClusterId> clusterIds;
  auto snapshot = std::make_shared<snapshot::Snapshot>();
  const std::uint64_t revisionMin =
      context.previous == nullptr ? 1 : context.previous->revision + 1;
  snapshot->revision = root.at("revision").integer({.min = revisionMin});
  snapshot->drainTimeout = root.at("drainTimeoutMs").duration(kDurationOrNoneRange);
  snapshot->limits = readLimits(root.at("limits"));
  const Field listeners = root.at("listeners");
  readEach(reading, listeners, [&](const Field& field) {
    snapshot->listeners.push_back(readListener(reading, field, context.previous, listenerIds));
  });
  readEach(reading, root.at("clusters"), [&](const Field& field) {
    snapshot->clusters.push_back(readCluster(reading, field, previous, clusterIds));
  });
  readEach(reading, root.at("releasedRuns"), [&](const Field& field) {
    snapshot->releasedRuns.push_back(readReleasedRun(field, context.workerCount));
  });
  if (reading.ok()) {
    checkClusterIds(listeners, *snapshot, clusterIds);
  }
  if (reading.ok()) {
    snapshot->destinations = std::make_shared<const proxy::Destinations>(*snapshot);
  }
  return reading.ok() ? snapshot : nullptr;
}

}  // namespace weft::binding
