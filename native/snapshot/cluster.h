// A set of interchangeable endpoints with one balancer and one set of limits. Immutable and shared
// between snapshots as long as its revision stays the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "snapshot/endpoint.h"
#include "snapshot/listener.h"

namespace weft::snapshot {

enum class BalancerType : std::uint8_t { P2cEwma, RoundRobin, LeastConnections, Random };

struct Balancer {
  BalancerType type = BalancerType::P2cEwma;
  base::Duration rttDefault{};  ///< P2cEwma only.
  base::Duration decay{};       ///< P2cEwma only.

  friend bool operator==(const Balancer&, const Balancer&) = default;
};

struct Cluster {
  base::ClusterId id;
  std::uint64_t revision = 0;
  std::string name;
  Balancer balancer;
  base::Duration connectTimeout{};
  std::uint32_t connectAttemptsMax = 1;
  base::Duration failureBackoffMin{};
  base::Duration failureBackoffMax{};
  std::optional<Keepalive> keepalive;
  std::optional<base::Duration> userTimeout;
  std::vector<Endpoint> endpoints;
};

}  // namespace weft::snapshot
