// A ClientHello that lies in one piece, read at once: what nearly all clients send, for a fifth of
// the cost of taking parts. Says the same as ClientHelloReader; test/fuzz compares them. Any
// thread.
#pragma once

#include <optional>

#include "base/bytes.h"

namespace weft::codec {

/// Within what was read.
struct WholeHello {
  base::Bytes serverName;
  base::Bytes alpn;  ///< Each name after its length in one byte.
};

/// The hello in the record at the start of `held`. Nothing when it is not whole, not in one record,
/// or no hello at all.
[[nodiscard]] std::optional<WholeHello> readWholeHello(base::Bytes held) noexcept;

}  // namespace weft::codec
