#include "codec/byte_scan.h"

#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "base/unsafe.h"

namespace weft::codec {

namespace {

constexpr std::size_t kBlockBytes = 16;

#if defined(__SSE2__)

/// REQUIRES: 16 bytes.
bool isBlockValue(std::string_view block) noexcept {
  WEFT_UNSAFE_BEGIN("the block has as many bytes as are loaded")
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block.data()));
  WEFT_UNSAFE_END
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  return _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del)) == 0;
}

#elif defined(__ARM_NEON)

/// REQUIRES: 16 bytes.
bool isBlockValue(std::string_view block) noexcept {
  WEFT_UNSAFE_BEGIN("the block has as many bytes as are loaded")
  const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const std::uint8_t*>(block.data()));
  WEFT_UNSAFE_END
  const uint8x16_t control = vcltq_u8(bytes, vdupq_n_u8(0x20));
  const uint8x16_t tab = vceqq_u8(bytes, vdupq_n_u8('\t'));
  const uint8x16_t del = vceqq_u8(bytes, vdupq_n_u8(0x7f));
  return vmaxvq_u8(vorrq_u8(vbicq_u8(control, tab), del)) == 0;
}

#else

bool isBlockValue(std::string_view block) noexcept {
  return isFieldValuePlain(block);
}

#endif

}  // namespace

bool isFieldValue(std::string_view text) noexcept {
  std::size_t at = 0;
  for (; text.size() - at >= kBlockBytes; at += kBlockBytes) {
    if (!isBlockValue(text.substr(at, kBlockBytes))) {
      return false;
    }
  }
  if (at == text.size()) {
    return true;
  }
  // The last block overlaps the one before: looking twice is cheaper than byte by byte.
  return text.size() >= kBlockBytes ? isBlockValue(text.substr(text.size() - kBlockBytes))
                                    : isFieldValuePlain(text.substr(at));
}

}  // namespace weft::codec
