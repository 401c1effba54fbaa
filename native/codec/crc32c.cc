#include "codec/crc32c.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace weft::codec {

namespace {

/// Castagnoli's polynomial, reflected.
constexpr std::uint32_t kPolynomial = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> makeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? value >> 1U ^ kPolynomial : value >> 1U;
    }
    table.at(byte) = value;
  }
  return table;
}

constexpr auto kTable = makeTable();

}  // namespace

void Crc32c::add(base::Bytes bytes) noexcept {
  for (const std::byte byte : bytes) {
    state_ = state_ >> 8U ^ kTable[(state_ ^ std::to_integer<std::uint32_t>(byte)) & 0xffU];
  }
}

}  // namespace weft::codec
