// The TLVs at the end of a header of the PROXY protocol, version 2: their form, and the checksum
// that one of them may carry over the whole header. The others keep their meaning to themselves.
// Any thread.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace weft::codec {

/// Whether the last `tlvBytes` of a header are TLVs of the right form, and the checksum, if there
/// is one, is that of the header.
[[nodiscard]] bool tlvsAreRight(base::Bytes header, std::size_t tlvBytes) noexcept;

/// Writes the checksum into its TLV, where there is one. REQUIRES: tlvsAreRight() but for the
/// checksum, or no TLVs.
void renewChecksum(base::MutableBytes header, std::size_t tlvBytes) noexcept;

}  // namespace weft::codec
