// The alerts that Weft sends to clients whose TLS it does not take part in. Any thread.
#pragma once

#include <array>
#include <cstddef>

namespace weft::codec {

/// Fatal, `unrecognized_name` (RFC 6066 3, RFC 8446 6.2): nobody here has the name that was asked
/// for. In the clear, as everything before a ServerHello.
inline constexpr std::array<std::byte, 7> kUnrecognizedNameAlert = {
    std::byte{0x15},                   // An alert,
    std::byte{0x03}, std::byte{0x03},  // of every version since 1.2,
    std::byte{0x00}, std::byte{0x02},  // of two bytes:
    std::byte{0x02},                   // fatal,
    std::byte{112},
};

}  // namespace weft::codec
