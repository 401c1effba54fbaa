#include "base/hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/address.h"

namespace weft::base {

namespace {

using Words = std::array<std::uint64_t, 2>;

// The digits of pi, so that no address is a fixed point.
constexpr std::uint64_t kSeed = 0x243f6a8885a308d3U;

// ::ffff:0:0/96 as it lies in memory; the bytes are little-endian on both architectures.
constexpr std::uint64_t kMappedPrefix = 0xffff0000U;
constexpr std::uint64_t kLow32 = 0xffffffffU;

std::uint64_t hashOfWords(std::uint64_t seed, const Words& words) noexcept {
  return mixed(mixed(seed ^ words[0]) + words[1]);
}

}  // namespace

std::uint64_t hashOf(const Address& address) noexcept {
  std::uint64_t hash = kSeed;
  for (const char byte : address.path()) {
    hash = mixed(hash + static_cast<unsigned char>(byte) + 1);
  }
  const std::uint64_t rest = (std::uint64_t{address.scope()} << 32U) |
                             (std::uint64_t{address.port()} << 8U) |
                             static_cast<std::uint64_t>(address.family());
  return mixed(hashOfWords(hash, std::bit_cast<Words>(address.ip())) ^ rest);
}

std::uint64_t hashOfText(std::string_view text) noexcept {
  std::uint64_t hash = kSeed ^ text.size();
  for (std::uint64_t word = 0; !text.empty(); word = 0) {
    const std::size_t count = std::min(text.size(), sizeof(word));
    for (std::size_t i = 0; i < count; ++i) {
      word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8U * i);
    }
    hash = mixed(hash ^ word);
    text.remove_prefix(count);
  }
  return mixed(hash);
}

std::uint64_t hashOfHost(const Address& address) noexcept {
  if (address.family() == AddressFamily::Unix) {
    return 0;
  }
  Words words = std::bit_cast<Words>(address.ip());
  if (address.family() == AddressFamily::Ipv6 && words[0] == 0 &&
      (words[1] & kLow32) == kMappedPrefix) {
    words = {words[1] >> 32U, 0};
  }
  const std::uint64_t hash = hashOfWords(kSeed, words);
  return hash == 0 ? 1 : hash;
}

}  // namespace weft::base
