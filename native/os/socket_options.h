// setsockopt for streams and listeners.
#pragma once

#include "os/sockets.h"

namespace weft::os {

/// TCP_NODELAY, keepalive, user timeout, and urgent data in line. A refused option is not an error:
/// the connection works without it.
void applyStreamOptions(int fd, const StreamOptions& options) noexcept;

/// So that an address in TIME_WAIT can be bound again. Not SO_REUSEPORT: a second instance must
/// fail.
void allowAddressReuse(int fd) noexcept;

void setIpv6Only(int fd, bool ipv6Only) noexcept;

[[nodiscard]] bool isUnixSocket(int fd) noexcept;

/// A listening TCP socket begins no handshake any more: it does not see a client that knocks now,
/// which knocks again after a second. Those that it has answered get in.
void dropHandshakes(int fd) noexcept;

/// The next close sends a reset.
void lingerZero(int fd) noexcept;

}  // namespace weft::os
