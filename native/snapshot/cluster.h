// A set of interchangeable endpoints with one balancer and one set of limits. Immutable and shared
// between snapshots as long as its revision stays the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/ids.h"
#include "snapshot/endpoint.h"
#include "snapshot/listener.h"

namespace weft::upstream {
struct HashTables;
}

namespace weft::snapshot {

enum class BalancerType : std::uint8_t {
  P2cEwma,
  RoundRobin,
  LeastConnections,
  Random,
  RingHash,
  Maglev
};

/// Whether the choice depends on a key of the connection.
[[nodiscard]] constexpr bool needsKey(BalancerType type) noexcept {
  return type == BalancerType::RingHash || type == BalancerType::Maglev;
}

/// What decides which endpoint it is, where the choice depends on a key.
enum class HashKeyType : std::uint8_t { Source, Path, Header, Cookie };

struct HashKey {
  HashKeyType type = HashKeyType::Source;
  std::string name{};                            ///< Of Header, in lower case, and of Cookie.
  std::optional<base::Duration> cookieMaxAge{};  ///< Of one that is given out; None: a session's.

  friend bool operator==(const HashKey&, const HashKey&) = default;
};

/// The share of an endpoint that is new or back grows from the minimum to the whole.
struct SlowStart {
  base::Duration window{};
  std::uint32_t minSharePercent = 0;

  friend bool operator==(const SlowStart&, const SlowStart&) = default;
};

struct Balancer {
  BalancerType type = BalancerType::P2cEwma;
  base::Duration rttDefault{};                      ///< P2cEwma only.
  base::Duration decay{};                           ///< P2cEwma only.
  std::optional<SlowStart> slowStart{};             ///< Not of those that need a key.
  std::optional<std::uint32_t> loadBoundPercent{};  ///< Of those that need a key.
  HashKey key{};                                    ///< The same.

  friend bool operator==(const Balancer&, const Balancer&) = default;
};

/// Connections stay in the own zone while so much of it is usable.
struct ZonePreference {
  std::uint32_t usableSharePercentMin = 0;
  std::uint32_t usableCountMin = 0;

  friend bool operator==(const ZonePreference&, const ZonePreference&) = default;
};

/// Original destinations that belong to a cluster. The port 0 stands for all ports.
struct Destination {
  base::Address address;
  std::uint32_t prefixBits = 0;
};

/// Of the PROXY protocol.
enum class ProxyVersion : std::uint8_t { V1, V2 };

/// When an endpoint is taken out of the balancer after failures, and when it may come back.
struct Ejection {
  std::uint32_t consecutiveFailures = 1;
  std::optional<base::Duration> earlyClose;  ///< None: early closes do not count.
  std::uint32_t consecutiveEarlyCloses = 1;
  std::optional<std::uint32_t> consecutiveServerErrors{};  ///< None: statuses do not count.
  std::optional<std::uint32_t> successPercentMin{};  ///< Of the requests of a window; None: off.
  std::uint32_t successRequestsMin = 1;              ///< Fewer in a window say nothing.
  base::Duration successWindow = std::chrono::seconds(10);
  base::Duration baseTime{};
  base::Duration maxTime{};
  std::uint32_t sharePercentMax = 0;
  std::uint32_t panicPercent = 0;
};

/// What asks an endpoint how it is.
enum class HealthCheckType : std::uint8_t { Tcp, Http };

/// Questions of the proxy's own at intervals, which tell what may be picked.
struct HealthCheck {
  HealthCheckType type = HealthCheckType::Tcp;
  base::Duration interval{};
  base::Duration timeout{};
  std::uint32_t consecutiveFailures = 1;   ///< Until an endpoint is unhealthy.
  std::uint32_t consecutiveSuccesses = 1;  ///< Until it is healthy again.
  std::string path{};                      ///< Of Http, as the next.
  std::string host{};                      ///< Empty: the address of the endpoint.

  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

/// Of connections that carry HTTP.
struct HttpCluster {
  base::Duration idleTimeout = std::chrono::seconds(3);
  std::uint32_t idleMax = 10'000;        ///< Of each endpoint, in each worker.
  std::optional<base::Duration> ageMax;  ///< Give or take a tenth; None: as long as it is used.
  std::uint32_t queueMax = 1024;         ///< Requests that wait for one, in each worker.
  base::Duration queueTimeout = std::chrono::seconds(1);
  std::uint32_t retrySharePercent = 20;    ///< Of requests; that many may be tried again.
  std::uint32_t retriesPerSecondMin = 10;  ///< And that many in any case, in each worker.

  friend bool operator==(const HttpCluster&, const HttpCluster&) = default;
};

struct Cluster {
  base::ClusterId id;
  std::uint64_t revision = 0;
  std::string name;
  std::optional<Protocol> protocol;  ///< Of every connection to it.
  Balancer balancer;
  std::optional<ZonePreference> zonePreference{};
  base::Duration connectTimeout{};
  std::uint32_t connectAttemptsMax = 1;
  std::optional<ProxyVersion> proxyProtocol;  ///< Absent: no header is sent.
  std::optional<Ejection> ejection;
  std::optional<HealthCheck> healthCheck;
  HttpCluster http{};
  std::optional<base::Duration> failFastAfter;
  std::optional<std::uint32_t> connectionsMax;          ///< Over all workers, as those below.
  std::optional<std::uint32_t> pendingMax;              ///< Connections that are being made.
  std::optional<std::uint32_t> endpointConnectionsMax;  ///< Of each endpoint.
  std::optional<Keepalive> keepalive;
  std::optional<base::Duration> userTimeout;
  bool originalDst = false;  ///< Its one endpoint stands for where each connection meant to go.
  std::vector<Destination> destinations;
  std::vector<Endpoint> endpoints;
  std::shared_ptr<const upstream::HashTables> hashTables{};  ///< Of a balancer that needs a key.
};

}  // namespace weft::snapshot
