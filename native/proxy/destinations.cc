#include "proxy/destinations.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "base/address.h"
#include "base/hash.h"
#include "base/ids.h"
#include "snapshot/cluster.h"
#include "snapshot/snapshot.h"

namespace weft::proxy {

namespace {

using base::Address;
using base::AddressFamily;
using Ip = std::array<std::uint8_t, 16>;

Ip masked(const Ip& ip, std::uint32_t prefixBits) noexcept {
  Ip kept{};
  for (std::size_t i = 0; i < kept.size() && prefixBits > i * 8; ++i) {
    const std::uint32_t bits =
        std::min<std::uint32_t>(prefixBits - static_cast<std::uint32_t>(i) * 8, 8);
    kept[i] = static_cast<std::uint8_t>(ip[i] & (0xff00U >> bits));
  }
  return kept;
}

std::size_t indexOf(AddressFamily family) noexcept {
  return family == AddressFamily::Ipv4 ? 0 : 1;
}

bool isWildcard(const Address& address) noexcept {
  return std::ranges::all_of(address.ip(), [](std::uint8_t byte) { return byte == 0; });
}

bool isLoopback(const Address& address) noexcept {
  const Ip& ip = address.ip();
  if (address.family() == AddressFamily::Ipv4) {
    return ip[0] == 127;
  }
  return ip[15] == 1 && std::ranges::all_of(std::span(ip).first<15>(),
                                            [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::size_t Destinations::KeyHash::operator()(const Key& key) const noexcept {
  const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(key.ip);
  return static_cast<std::size_t>(base::mixed(halves[0] ^ base::mixed(halves[1] + key.port)));
}

Destinations::Destinations(const snapshot::Snapshot& snapshot) {
  for (const auto& cluster : snapshot.clusters) {
    for (const snapshot::Destination& destination : cluster->destinations) {
      add(levels_.at(indexOf(destination.address.family())), destination, cluster->id);
    }
  }
  for (Levels& levels : levels_) {
    std::ranges::sort(levels, std::ranges::greater{}, &Level::prefixBits);
  }
  for (const auto& listener : snapshot.listeners) {
    if (listener->address.family() != AddressFamily::Unix) {
      own_.push_back(listener->address);
    }
  }
}

void Destinations::add(Levels& levels, const snapshot::Destination& destination,
                       base::ClusterId id) {
  auto level = std::ranges::find(levels, destination.prefixBits, &Level::prefixBits);
  if (level == levels.end()) {
    level = levels.insert(levels.end(), {.prefixBits = destination.prefixBits, .claims = {}});
  }
  const Address& address = destination.address;
  const Key key{.ip = masked(address.ip(), destination.prefixBits), .port = address.port()};
  level->claims.emplace(key, id);
}

std::optional<base::ClusterId> Destinations::claimant(const Address& address) const {
  for (const Level& level : levels_.at(indexOf(address.family()))) {
    Key key{.ip = masked(address.ip(), level.prefixBits), .port = address.port()};
    auto found = level.claims.find(key);
    if (found == level.claims.end()) {
      key.port = 0;
      found = level.claims.find(key);
    }
    if (found != level.claims.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

bool Destinations::isOurs(const Address& address, bool local) const noexcept {
  const bool here = local || isLoopback(address) || isWildcard(address);
  return std::ranges::any_of(own_, [&](const Address& own) {
    if (own.port() != address.port()) {
      return false;
    }
    // [::] has IPv4 clients too, unless it is told not to; then nobody else is there to be reached.
    const bool covers = isWildcard(own) &&
                        (own.family() == address.family() || own.family() == AddressFamily::Ipv6);
    return covers ? here : own.family() == address.family() && own.ip() == address.ip();
  });
}

}  // namespace weft::proxy
