// Where a client meant to go before the kernel redirected its connection: SO_ORIGINAL_DST of
// netfilter. Part of KernelSockets. Any thread; never blocks.
#pragma once

#include <optional>

#include "base/address.h"

namespace weft::os {

/// Nothing when the connection was not redirected: the client meant the address that it reached, or
/// the kernel does not track the connection.
[[nodiscard]] std::optional<base::Address> originalDst(int fd);

}  // namespace weft::os
