// Whether a text is a host with or without a port, as Host and the authority of a target name them
// (RFC 9110 4.2 and 7.2, RFC 3986 3.2). No allocation; any thread.
#pragma once

#include <string_view>

namespace weft::codec {

/// A name, an IPv4 address, or an IPv6 address in brackets, never empty; then nothing, or a colon
/// and digits. What is no host to all is one to some, and leads each of them elsewhere.
[[nodiscard]] bool isHost(std::string_view text) noexcept;

}  // namespace weft::codec
