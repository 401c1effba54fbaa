// The numbers of a ClientHello's format (RFC 8446 4.1.2 and 5.1) and of our limits, for both ways
// of reading it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::codec {

/// Of the handshake message with its header. Post-quantum key shares take 1.2 to 2 KiB, session
/// tickets some more.
inline constexpr std::size_t kClientHelloBytesMax = 16'384;

/// The first byte of a record that can hold a ClientHello.
inline constexpr std::byte kHandshakeRecord{22};

inline constexpr std::uint32_t kRecordBytesMax = 16'384;
inline constexpr std::uint32_t kClientHelloType = 1;
inline constexpr std::uint32_t kMessageHeaderBytes = 4;
inline constexpr std::uint32_t kRandomBytes = 32;
inline constexpr std::uint32_t kSessionIdBytesMax = 32;
inline constexpr std::uint32_t kExtensionHeaderBytes = 4;
inline constexpr std::uint32_t kServerNameExtension = 0;
inline constexpr std::uint32_t kAlpnExtension = 16;

/// SSL 3.0 to TLS 1.3, for records and messages. What it says is otherwise without meaning today.
inline constexpr std::uint32_t kVersionMin = 0x0300;
inline constexpr std::uint32_t kVersionMax = 0x0304;

/// A record's type and version as one number.
inline constexpr std::uint32_t kRecordStartMin = 0x160000 | kVersionMin;
inline constexpr std::uint32_t kRecordStartMax = 0x160000 | kVersionMax;

}  // namespace weft::codec
