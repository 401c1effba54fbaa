// Builds the tables of ring hash and Maglev. Once for a revision of a cluster, on the JavaScript
// thread, never on a thread that moves bytes: 10,000 endpoints take some ten milliseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "snapshot/cluster.h"
#include "snapshot/endpoint.h"
#include "upstream/hash_table.h"

namespace weft::upstream {

/// What the balancer of this cluster needs; null when it needs no table.
[[nodiscard]] std::shared_ptr<const HashTables> buildHashTables(const snapshot::Cluster& cluster);

/// An endpoint as a table sees it.
struct Hashed {
  std::uint64_t hash = 0;  ///< Of its address.
  std::uint32_t weight = 1;
};

/// Points of each endpoint on a ring of 2^32, in proportion to its weight.
[[nodiscard]] HashTable buildRing(std::span<const Hashed> endpoints);

/// A table of prime size. Each endpoint claims slots one after another, in an order of its own
/// (Maglev's permutation) and at a pace of its own, by weight; the earliest claim to a slot holds
/// it. In the paper an endpoint goes on until it finds a free slot, which makes shares equal to
/// one slot and moves six to ten times as many keys as needed when one of 1,000 leaves; here it
/// moves its own keys and hardly any other, and shares differ by some percent.
[[nodiscard]] HashTable buildMaglev(std::span<const Hashed> endpoints);

}  // namespace weft::upstream
