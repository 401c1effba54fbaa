#include "base/network.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/address.h"

namespace weft::base {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool isMapped(const Address& address) noexcept {
  return address.family() == AddressFamily::Ipv6 &&
         std::ranges::equal(std::span(address.ip()).first(kMappedPrefix.size()), kMappedPrefix);
}

}  // namespace

bool Network::contains(const Address& address) const noexcept {
  const bool mapped = family_ == AddressFamily::Ipv4 && isMapped(address);
  if (address.family() != family_ && !mapped) {
    return false;
  }
  const std::span<const std::uint8_t> ip =
      std::span(address.ip()).subspan(mapped ? kMappedPrefix.size() : 0);
  const std::size_t wholeBytes = prefixBits_ / 8U;
  const unsigned restBits = prefixBits_ % 8U;
  if (!std::ranges::equal(std::span(ip_).first(wholeBytes), ip.first(wholeBytes))) {
    return false;
  }
  return restBits == 0 || (ip_[wholeBytes] ^ ip[wholeBytes]) >> (8U - restBits) == 0;
}

}  // namespace weft::base
