#include "os/socket_address.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/address.h"

namespace weft::os {

namespace {

SocketAddress ipv4(const base::Address& address) noexcept {
  SocketAddress result;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(address.port());
  std::memcpy(&in.sin_addr, address.ip().data(), sizeof(in.sin_addr));
  std::memcpy(&result.storage, &in, sizeof(in));
  result.length = sizeof(in);
  return result;
}

SocketAddress ipv6(const base::Address& address) noexcept {
  SocketAddress result;
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(address.port());
  in.sin6_scope_id = address.scope();
  std::memcpy(&in.sin6_addr, address.ip().data(), sizeof(in.sin6_addr));
  std::memcpy(&result.storage, &in, sizeof(in));
  result.length = sizeof(in);
  return result;
}

SocketAddress unixPath(const base::Address& address) noexcept {
  SocketAddress result;
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, address.path().data(), address.path().size());
  std::memcpy(&result.storage, &un, sizeof(un));
  result.length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.path().size() + 1);
  return result;
}

}  // namespace

SocketAddress toSocketAddress(const base::Address& address) noexcept {
  switch (address.family()) {
    case base::AddressFamily::Ipv4:
      return ipv4(address);
    case base::AddressFamily::Ipv6:
      return ipv6(address);
    case base::AddressFamily::Unix:
      return unixPath(address);
  }
  return {};
}

base::Address toAddress(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address.storage, sizeof(in));
    std::array<std::uint8_t, 4> ip{};
    std::memcpy(ip.data(), &in.sin_addr, ip.size());
    return base::Address::ipv4(ip, ntohs(in.sin_port));
  }
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address.storage, sizeof(in));
    std::array<std::uint8_t, 16> ip{};
    std::memcpy(ip.data(), &in.sin6_addr, ip.size());
    return base::Address::ipv6(ip, ntohs(in.sin6_port), in.sin6_scope_id);
  }
  constexpr std::size_t pathOffset = offsetof(sockaddr_un, sun_path);
  if (address.storage.ss_family != AF_UNIX || address.length <= pathOffset) {
    return base::Address::unixPath({});
  }
  sockaddr_un un{};
  std::memcpy(&un, &address.storage, sizeof(un));
  const std::string_view path(un.sun_path, strnlen(un.sun_path, address.length - pathOffset));
  return base::Address::unixPath(path.substr(0, base::Address::kUnixPathBytesMax));
}

}  // namespace weft::os
