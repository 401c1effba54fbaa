// Where a kernel socket is bound: for tests that listen on port 0.
#pragma once

#include <sys/socket.h>

#include "os/socket_address.h"

namespace weft::test {

inline base::Address boundAddress(int fd) {
  os::SocketAddress address;
  const bool known = getsockname(fd, address.get(), &address.length) == 0;
  return known ? os::toAddress(address) : base::Address{};
}

}  // namespace weft::test
