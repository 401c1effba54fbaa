#include "os/original_dst.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/address.h"
#include "os/socket_address.h"

namespace weft::os {

namespace {

using base::Address;
using base::AddressFamily;

/// SO_ORIGINAL_DST of linux/netfilter_ipv4.h and IP6T_SO_ORIGINAL_DST of its IPv6 neighbour, whose
/// headers do not go together with libc's.
constexpr int kOriginalDst = 80;

/// An IPv4 connection of a [::] socket has IPv4 addresses inside of IPv6 ones.
Address unmapped(const Address& address) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const std::array<std::uint8_t, 16>& ip = address.ip();
  if (address.family() != AddressFamily::Ipv6 ||
      !std::ranges::equal(kMapped, std::span(ip).first<12>())) {
    return address;
  }
  return Address::ipv4({ip[12], ip[13], ip[14], ip[15]}, address.port());
}

}  // namespace

std::optional<Address> originalDst(int fd) {
  SocketAddress local;
  if (::getsockname(fd, local.get(), &local.length) != 0) {
    return std::nullopt;
  }
  const Address reached = unmapped(toAddress(local));
  if (reached.family() == AddressFamily::Unix) {
    return std::nullopt;
  }
  const int level = reached.family() == AddressFamily::Ipv4 ? SOL_IP : SOL_IPV6;
  SocketAddress original;
  if (::getsockopt(fd, level, kOriginalDst, original.get(), &original.length) != 0) {
    return std::nullopt;
  }
  const Address meant = toAddress(original);
  return meant == reached ? std::nullopt : std::optional(meant);
}

}  // namespace weft::os
