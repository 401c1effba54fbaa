// Hashes that are the same in every process, for choices that have to agree: which endpoint a
// source address belongs to. Spread well over all 64 bits; not for secrets, and no protection
// against keys that were chosen to collide. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/address.h"

namespace weft::base {

/// A number of which each bit depends on each bit of `number` (the finalizer of splitmix64).
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t number) noexcept {
  number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27U)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31U);
}

/// Of all that makes two addresses equal.
[[nodiscard]] std::uint64_t hashOf(const Address& address) noexcept;

/// Of the IP address alone: one for all connections of a host. An IPv4 address that is mapped into
/// IPv6 hashes as itself. Zero, and for nothing else, when there is no IP address (a unix socket).
[[nodiscard]] std::uint64_t hashOfHost(const Address& address) noexcept;

/// Of bytes, eight at a time.
[[nodiscard]] std::uint64_t hashOfText(std::string_view text) noexcept;

}  // namespace weft::base
