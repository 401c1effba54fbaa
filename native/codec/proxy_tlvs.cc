#include "codec/proxy_tlvs.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "codec/crc32c.h"
#include "codec/cursor.h"

namespace weft::codec {

namespace {

constexpr std::uint32_t kChecksumType = 0x03;
constexpr std::uint32_t kUniqueIdType = 0x05;
constexpr std::uint32_t kTlsType = 0x20;

constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kUniqueIdBytesMax = 128;

/// Flags and the result of the verification, before the TLVs inside.
constexpr std::size_t kTlsFixedBytes = 5;

/// Calls back with each type and value; false when they do not fill the bytes.
template <typename Visit>
bool forEachTlv(base::Bytes bytes, Visit visit) {
  Cursor tlvs(bytes);
  while (tlvs.left() > 0) {
    const std::uint32_t type = tlvs.number(1);
    const std::size_t size = tlvs.number(2);
    const std::size_t at = bytes.size() - tlvs.left();
    if (size > tlvs.left() || !visit(type, at, tlvs.take(size))) {
      return false;
    }
  }
  return tlvs.atEnd();
}

bool hasForm(std::uint32_t type, base::Bytes value) noexcept {
  switch (type) {
    case kChecksumType:
      return value.size() == kChecksumBytes;
    case kUniqueIdType:
      return value.size() <= kUniqueIdBytesMax;
    case kTlsType:
      return value.size() >= kTlsFixedBytes &&
             forEachTlv(value.subspan(kTlsFixedBytes),
                        [](std::uint32_t, std::size_t, base::Bytes) { return true; });
    default:
      return true;
  }
}

/// With zeros in place of the checksum.
std::uint32_t checksumOf(base::Bytes header, std::size_t checksumAt) noexcept {
  constexpr std::array<std::byte, kChecksumBytes> kZeros{};
  Crc32c crc;
  crc.add(header.first(checksumAt));
  crc.add(kZeros);
  crc.add(header.subspan(checksumAt + kChecksumBytes));
  return crc.value();
}

}  // namespace

bool tlvsAreRight(base::Bytes header, std::size_t tlvBytes) noexcept {
  const std::size_t before = header.size() - tlvBytes;
  bool checked = false;
  return forEachTlv(
      header.subspan(before), [&](std::uint32_t type, std::size_t at, base::Bytes value) {
        if (!hasForm(type, value)) {
          return false;
        }
        if (type != kChecksumType) {
          return true;
        }
        const bool second = checked;
        checked = true;
        return !second && Cursor(value).number(kChecksumBytes) == checksumOf(header, before + at);
      });
}

void renewChecksum(base::MutableBytes header, std::size_t tlvBytes) noexcept {
  if (tlvBytes == 0 || tlvBytes > header.size()) {
    return;
  }
  const std::size_t before = header.size() - tlvBytes;
  std::optional<std::size_t> checksumAt;
  static_cast<void>(forEachTlv(header.subspan(before),
                               [&](std::uint32_t type, std::size_t at, base::Bytes value) {
                                 if (type == kChecksumType && value.size() == kChecksumBytes) {
                                   checksumAt = before + at;
                                 }
                                 return true;
                               }));
  if (!checksumAt) {
    return;
  }
  const std::uint32_t checksum = checksumOf(header, *checksumAt);
  for (std::size_t at = 0; at < kChecksumBytes; ++at) {
    header[*checksumAt + at] =
        static_cast<std::byte>(checksum >> (8 * (kChecksumBytes - 1 - at)) & 0xffU);
  }
}

}  // namespace weft::codec
