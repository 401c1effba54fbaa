// What a listener is configured to be. Plain values, immutable once in a snapshot.
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
#include "base/network.h"

namespace weft::proxy {
class RouteTable;
class TlsRoutes;
}  // namespace weft::proxy

namespace weft::snapshot {

enum class Direction : std::uint8_t { Inbound, Outbound };

/// What a connection carries. Detect: the first bytes will tell.
enum class Protocol : std::uint8_t { Detect, Opaque, Http1, Http2, Grpc, Tls };

/// What connections to these ports carry, first and last included.
struct PortProtocol {
  std::uint16_t firstPort = 0;
  std::uint16_t lastPort = 0;
  Protocol protocol = Protocol::Detect;
};

/// Where an inbound connection of a transparent listener goes: to the address that was meant, or to
/// the same port of the loopback interface.
enum class WorkloadAddress : std::uint8_t { Original, Loopback };

/// Probes on a silent TCP connection, so that a peer that is gone is noticed.
struct Keepalive {
  base::Duration idle{};
  base::Duration interval{};
  std::uint32_t probesMax = 0;

  friend bool operator==(const Keepalive&, const Keepalive&) = default;
};

/// From whom a header of the PROXY protocol is believed.
struct ProxyProtocol {
  std::vector<base::Network> from;
  base::Duration timeout{};
  bool required = true;  ///< Who of them sends none is refused.
};

/// A cluster and its share of the connections of a route.
struct BackendRef {
  base::ClusterId clusterId;
  std::uint32_t weight = 1;
};

/// Where TLS goes whose ClientHello has one of the names, and offers one of the protocols.
struct TlsRoute {
  std::vector<std::string> hostnames;  ///< In lower case, whole or behind "*."; empty: all.
  std::vector<std::string> alpn;       ///< Empty: whatever is offered.
  std::vector<BackendRef> backendRefs;
};

/// What happens to what no route fits.
enum class Unrouted : std::uint8_t { Refuse, Forward };

/// What requests are told of who sent them.
struct Forwarded {
  bool xForwarded = false;            ///< x-forwarded-for, -proto and -host.
  bool forwarded = false;             ///< Of RFC 7239.
  std::vector<base::Network> from{};  ///< Who is believed what they say of others.
};

/// Of connections that carry HTTP.
struct HttpListener {
  std::uint32_t headBytesMax = 65'536;  ///< Of the head of a request.
  std::uint32_t fieldsMax = 128;
  base::Duration headTimeout = std::chrono::seconds(10);  ///< From its first byte to its last.
  bool errorHeader = true;  ///< Answers of the proxy's own say why in `weft-error`.
  std::optional<Forwarded> forwarded{};
  std::string via{};        ///< How the proxy calls itself there; empty: it does not.
  std::string requestId{};  ///< Header that each request gets, in lower case; empty: none.

  /// Whether requests get lines beside those that they came with.
  [[nodiscard]] bool adds() const noexcept {
    return forwarded.has_value() || !via.empty() || !requestId.empty();
  }
};

struct Listener {
  base::ListenerId id;
  std::string name;
  Direction direction = Direction::Outbound;
  base::Address address;
  bool ipv6Only = false;
  std::optional<std::uint32_t> unixMode;
  std::uint32_t backlogCount = 0;
  Protocol protocol = Protocol::Opaque;
  std::vector<PortProtocol> portProtocols;         ///< The first that fits counts.
  std::optional<base::Duration> serverFirstAfter;  ///< Absent: upstream waits for downstream.
  base::Duration detectTimeout{};
  std::vector<TlsRoute> tlsRoutes;
  Unrouted tlsUnrouted = Unrouted::Refuse;
  Unrouted httpUnrouted = Unrouted::Refuse;
  std::optional<ProxyProtocol> proxyProtocol;
  HttpListener http{};
  base::ClusterId clusterId;
  bool transparent = false;  ///< Connections were redirected here and meant to go elsewhere.
  WorkloadAddress workloadAddress = WorkloadAddress::Original;
  std::uint32_t connectionsMax = 0;
  std::optional<base::Duration> idleTimeout;
  std::optional<Keepalive> keepalive;
  std::optional<base::Duration> userTimeout;
  bool accessLog = false;
  std::shared_ptr<const proxy::TlsRoutes> tlsRouteTable{};  ///< Of the routes, if there are any.
  std::shared_ptr<const proxy::RouteTable> routeTable{};    ///< The same, of HTTP.
};

}  // namespace weft::snapshot
