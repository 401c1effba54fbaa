// Scans of many bytes at once, with what the processor has for it (SSE2 is part of x86-64, NEON of
// arm64), and the plain scan that they must equal. No allocation; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/http_text.h"

namespace weft::codec {

/// Whether all of it may be in the value of a field (RFC 9110 5.5): no control character but tabs.
[[nodiscard]] bool isFieldValue(std::string_view text) noexcept;

/// The same one byte at a time, for comparison and for other processors.
[[nodiscard]] constexpr bool isFieldValuePlain(std::string_view text) noexcept {
  return consistsOf(text, kValue);
}

/// How many bytes at the beginning may be in a token (RFC 9110 5.6.2). Tokens are short.
[[nodiscard]] constexpr std::size_t tokenBytes(std::string_view text) noexcept {
  std::size_t count = 0;
  while (count < text.size() &&
         (detail::kTextClasses[static_cast<std::uint8_t>(text[count])] & kToken) != 0) {
    ++count;
  }
  return count;
}

}  // namespace weft::codec
