// Destinations: what the original destination of a redirected connection means: an address of our
// own, or one that a cluster claims. Built once for a snapshot, off the traffic threads; immutable
// and shared by all workers. A lookup costs one or two probes for each length of prefix in use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "snapshot/snapshot.h"

namespace weft::proxy {

class Destinations {
 public:
  explicit Destinations(const snapshot::Snapshot& snapshot);

  /// The cluster with the longest prefix that contains the address; of equal ones, the one that
  /// names the port.
  [[nodiscard]] std::optional<base::ClusterId> claimant(const base::Address& address) const;

  /// Whether a connection there would come back to one of our listeners. `local`: the address is
  /// one of this host, so that a listener on all addresses has it too.
  [[nodiscard]] bool isOurs(const base::Address& address, bool local) const noexcept;

 private:
  struct Key {
    std::array<std::uint8_t, 16> ip{};
    std::uint16_t port = 0;  ///< 0: any.

    friend bool operator==(const Key&, const Key&) = default;
  };

  struct KeyHash {
    [[nodiscard]] std::size_t operator()(const Key& key) const noexcept;
  };

  struct Level {
    std::uint32_t prefixBits = 0;
    std::unordered_map<Key, base::ClusterId, KeyHash> claims;
  };

  /// Longest prefix first.
  using Levels = std::vector<Level>;

  static void add(Levels& levels, const snapshot::Destination& destination, base::ClusterId id);

  std::array<Levels, 2> levels_;  ///< Of IPv4 and IPv6.
  std::vector<base::Address> own_;
};

}  // namespace weft::proxy
