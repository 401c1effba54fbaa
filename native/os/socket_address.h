// Address to sockaddr and back.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "base/address.h"

namespace weft::os {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }

  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

[[nodiscard]] SocketAddress toSocketAddress(const base::Address& address) noexcept;

/// An unnamed unix address for a family that we do not know.
[[nodiscard]] base::Address toAddress(const SocketAddress& address);

}  // namespace weft::os
