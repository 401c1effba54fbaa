// Network: the addresses that share their first bits, as a value. Any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/address.h"

namespace weft::base {

class Network {
 public:
  Network() = default;

  /// Of the IP of `address`; its port means nothing. REQUIRES: no unix address, and prefixBits <=
  /// 32 for IPv4, 128 for IPv6.
  Network(const Address& address, std::uint8_t prefixBits) noexcept
      : ip_(address.ip()), prefixBits_(prefixBits), family_(address.family()) {}

  /// An IPv4 address that an IPv6 socket has seen belongs to IPv4 networks.
  [[nodiscard]] bool contains(const Address& address) const noexcept;

 private:
  std::array<std::uint8_t, 16> ip_{};
  std::uint8_t prefixBits_ = 0;
  AddressFamily family_ = AddressFamily::Ipv4;
};

}  // namespace weft::base
