// Strong identifiers, so that a cluster's number is never passed where an endpoint's is meant.
// TypeScript allots those of the configuration; each is stable for one name for as long as the
// process lives.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace weft::base {

template <typename Tag, typename Number>
struct Id {
  static constexpr Number kNone = static_cast<Number>(-1);

  Number number = kNone;

  [[nodiscard]] constexpr bool present() const noexcept { return number != kNone; }

  friend constexpr auto operator<=>(Id, Id) noexcept = default;
};

using ListenerId = Id<struct ListenerTag, std::uint32_t>;
using ClusterId = Id<struct ClusterTag, std::uint32_t>;
using EndpointId = Id<struct EndpointTag, std::uint32_t>;
using RouteId = Id<struct RouteTag, std::uint32_t>;

/// Unique in one engine: the worker's index above the 40 bits of a count, together less than the
/// 2^53 that a JavaScript number holds exactly.
using ConnectionId = Id<struct ConnectionTag, std::uint64_t>;

}  // namespace weft::base

template <typename Tag, typename Number>
struct std::hash<weft::base::Id<Tag, Number>> {
  std::size_t operator()(weft::base::Id<Tag, Number> id) const noexcept {
    return std::hash<Number>{}(id.number);
  }
};
