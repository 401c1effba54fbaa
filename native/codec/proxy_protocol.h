// The PROXY protocol (haproxy.org, proxy-protocol.txt), versions 1 and 2: the header in which a
// proxy says on whose behalf a connection was made. Read from what came so far, written into a
// buffer. Whom to believe is not decided here. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/address.h"
#include "base/bytes.h"

namespace weft::codec {

enum class ProxyVersion : std::uint8_t { V1, V2 };

/// Of a whole header. Addresses take at most 232 bytes; the rest is for TLVs, of which a client's
/// certificate is the biggest in use.
inline constexpr std::size_t kProxyHeaderBytesMax = 4096;

/// Of a header of version 1 with its CRLF.
inline constexpr std::size_t kProxyLineBytesMax = 107;

struct ProxyHeader {
  /// LOCAL, UNKNOWN and UNSPEC name nobody: the connection's own addresses count.
  bool named = false;
  base::Address source;
  base::Address destination;

  /// Version 2 only, within what was read: the family and the addresses as they came, and the TLVs.
  std::uint8_t family = 0;
  base::Bytes addresses;
  base::Bytes tlvs;

  std::size_t bytes = 0;  ///< What comes behind is the stream.
};

enum class ProxyRead : std::uint8_t {
  NeedMore,
  Absent,     ///< It begins as no header does.
  Malformed,  ///< It begins as one, and is none; or its checksum is wrong.
  Whole,
};

/// Reads the header at the start of `held`, which is everything since the first byte. What is not
/// Whole leaves `header` without meaning.
[[nodiscard]] ProxyRead readProxyHeader(base::Bytes held, ProxyHeader& header) noexcept;

/// Writes what a header of `version` can say of `header`, with a new checksum where its TLVs have
/// one. Returns how many bytes; 0 when they do not fit into `into` or kProxyHeaderBytesMax.
[[nodiscard]] std::size_t writeProxyHeader(ProxyVersion version, const ProxyHeader& header,
                                           base::MutableBytes into) noexcept;

}  // namespace weft::codec
