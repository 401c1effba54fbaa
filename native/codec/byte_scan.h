// Scans of many bytes at once, with what the processor has for it (SSE2 is part of x86-64, NEON of
// arm64), and the plain scan that they must equal. No allocation; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/http_text.h"

namespace weft::codec {

/// Whether `bytes` of `held` from `at` on may be in the value of a field (RFC 9110 5.5): no control
/// character but tabs. What lies around them in `held` is loaded, and decides nothing.
/// REQUIRES: they are in `held`.
[[nodiscard]] bool isFieldValue(std::string_view held, std::size_t at, std::size_t bytes) noexcept;

/// The same for a target (RFC 9112 3.2): no control character and no space.
[[nodiscard]] bool isTarget(std::string_view held, std::size_t at, std::size_t bytes) noexcept;

/// How many bytes of `held` from `at` on may be in a token (RFC 9110 5.6.2).
[[nodiscard]] std::size_t tokenBytes(std::string_view held, std::size_t at) noexcept;

/// The same one byte at a time, for comparison and for other processors.
[[nodiscard]] constexpr std::size_t tokenBytesPlain(std::string_view text) noexcept {
  std::size_t count = 0;
  while (count < text.size() && isOf(text[count], kToken)) {
    ++count;
  }
  return count;
}

}  // namespace weft::codec
