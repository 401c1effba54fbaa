#include "codec/byte_scan.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "base/unsafe.h"
#include "codec/http_text.h"

namespace weft::codec {

namespace {

/// What is looked at in one go.
constexpr std::size_t kBlockBytes = 16;

/// One bit or more for each byte of a block, the first byte's lowest, set where it is not of a
/// class.
using Misfits = std::uint64_t;

#if defined(__SSE2__)

constexpr std::size_t kBitsPerByte = 1;

using Block = __m128i;

/// REQUIRES: 16 bytes.
Block load(std::string_view bytes) noexcept {
  WEFT_UNSAFE_BEGIN("as many bytes as are loaded")
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data()));
  WEFT_UNSAFE_END
}

Misfits misfitsOf(Block marked) noexcept {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(marked));
}

Block equal(Block bytes, char byte) noexcept {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte));
}

/// Unsigned.
Block atMost(Block bytes, char most) noexcept {
  return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(most)), bytes);
}

Block either(Block one, Block other) noexcept {
  return _mm_or_si128(one, other);
}

Block butNot(Block one, Block other) noexcept {
  return _mm_andnot_si128(other, one);
}

Block inverse(Block marked) noexcept {
  return _mm_xor_si128(marked, _mm_set1_epi8(-1));
}

Block inLowerCase(Block bytes) noexcept {
  return _mm_or_si128(bytes, _mm_set1_epi8(0x20));
}

Block less(Block bytes, char by) noexcept {
  return _mm_sub_epi8(bytes, _mm_set1_epi8(by));
}

#elif defined(__ARM_NEON)

constexpr std::size_t kBitsPerByte = 4;

using Block = uint8x16_t;

/// REQUIRES: 16 bytes.
Block load(std::string_view bytes) noexcept {
  WEFT_UNSAFE_BEGIN("as many bytes as are loaded")
  return vld1q_u8(reinterpret_cast<const std::uint8_t*>(bytes.data()));
  WEFT_UNSAFE_END
}

/// Half of each byte of the marks: what NEON has for a mask of bits.
Misfits misfitsOf(Block marked) noexcept {
  const uint8x8_t halves = vshrn_n_u16(vreinterpretq_u16_u8(marked), 4);
  return vget_lane_u64(vreinterpret_u64_u8(halves), 0);
}

Block equal(Block bytes, char byte) noexcept {
  return vceqq_u8(bytes, vdupq_n_u8(static_cast<std::uint8_t>(byte)));
}

Block atMost(Block bytes, char most) noexcept {
  return vcleq_u8(bytes, vdupq_n_u8(static_cast<std::uint8_t>(most)));
}

Block either(Block one, Block other) noexcept {
  return vorrq_u8(one, other);
}

Block butNot(Block one, Block other) noexcept {
  return vbicq_u8(one, other);
}

Block inverse(Block marked) noexcept {
  return vmvnq_u8(marked);
}

Block inLowerCase(Block bytes) noexcept {
  return vorrq_u8(bytes, vdupq_n_u8(0x20));
}

Block less(Block bytes, char by) noexcept {
  return vsubq_u8(bytes, vdupq_n_u8(static_cast<std::uint8_t>(by)));
}

#endif

#if defined(__SSE2__) || defined(__ARM_NEON)

constexpr char kLastControl = 0x1f;
constexpr char kDelete = 0x7f;

Misfits misfitsOfValue(Block bytes) noexcept {
  const Block control = butNot(atMost(bytes, kLastControl), equal(bytes, '\t'));
  return misfitsOf(either(control, equal(bytes, kDelete)));
}

Misfits misfitsOfTarget(Block bytes) noexcept {
  return misfitsOf(either(atMost(bytes, ' '), equal(bytes, kDelete)));
}

/// Letters, digits and hyphens, of which nearly all names consist.
Misfits misfitsOfUsualName(Block bytes) noexcept {
  const Block letter = atMost(less(inLowerCase(bytes), 'a'), 'z' - 'a');
  const Block digit = atMost(less(bytes, '0'), '9' - '0');
  return misfitsOf(inverse(either(either(letter, digit), equal(bytes, '-'))));
}

/// The misfits among the bytes of `held` from `at` on, as far as a block goes. The block begins
/// earlier where there are no 16 bytes left: what lies before is loaded and shifted out.
/// REQUIRES: `held` has 16 bytes or more, and one at `at`.
template <Misfits (*kMisfitsOf)(Block)>
Misfits misfitsAt(std::string_view held, std::size_t at) noexcept {
  const std::size_t begin = std::min(at, held.size() - kBlockBytes);
  return kMisfitsOf(load(held.substr(begin, kBlockBytes))) >> ((at - begin) * kBitsPerByte);
}

/// REQUIRES: `bytes` of `held` from `at` on, of 16 or more.
template <Misfits (*kMisfitsOf)(Block)>
bool fits(std::string_view held, std::size_t at, std::size_t bytes) noexcept {
  const std::size_t end = at + bytes;
  for (; at < end; at += kBlockBytes) {
    Misfits misfits = misfitsAt<kMisfitsOf>(held, at);
    if (end - at < kBlockBytes) {
      misfits &= (Misfits{1} << ((end - at) * kBitsPerByte)) - 1;
    }
    if (misfits != 0) {
      return false;
    }
  }
  return true;
}

bool isLong(std::string_view held) noexcept {
  return held.size() >= kBlockBytes;
}

bool isLongValue(std::string_view held, std::size_t at, std::size_t bytes) noexcept {
  return fits<misfitsOfValue>(held, at, bytes);
}

bool isLongTarget(std::string_view held, std::size_t at, std::size_t bytes) noexcept {
  return fits<misfitsOfTarget>(held, at, bytes);
}

/// REQUIRES: 16 bytes or more.
std::size_t usualNameBytes(std::string_view held, std::size_t at) noexcept {
  const std::size_t from = at;
  while (at < held.size()) {
    const Misfits misfits = misfitsAt<misfitsOfUsualName>(held, at);
    if (misfits != 0) {
      return at - from + static_cast<std::size_t>(std::countr_zero(misfits)) / kBitsPerByte;
    }
    at = std::min(at + kBlockBytes, held.size());
  }
  return at - from;
}

#else

bool isLong(std::string_view /*held*/) noexcept {
  return false;
}

bool isLongValue(std::string_view /*held*/, std::size_t /*at*/, std::size_t /*bytes*/) noexcept {
  return false;
}

bool isLongTarget(std::string_view /*held*/, std::size_t /*at*/, std::size_t /*bytes*/) noexcept {
  return false;
}

std::size_t usualNameBytes(std::string_view /*held*/, std::size_t /*at*/) noexcept {
  return 0;
}

#endif

}  // namespace

bool isFieldValue(std::string_view held, std::size_t at, std::size_t bytes) noexcept {
  return isLong(held) ? isLongValue(held, at, bytes) : consistsOf(held.substr(at, bytes), kValue);
}

bool isTarget(std::string_view held, std::size_t at, std::size_t bytes) noexcept {
  return isLong(held) ? isLongTarget(held, at, bytes) : consistsOf(held.substr(at, bytes), kTarget);
}

std::size_t tokenBytes(std::string_view held, std::size_t at) noexcept {
  const std::size_t usual = isLong(held) ? usualNameBytes(held, at) : 0;
  return usual + tokenBytesPlain(held.substr(at + usual));
}

}  // namespace weft::codec
