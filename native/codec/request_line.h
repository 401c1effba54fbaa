// RequestLine: whether the first bytes of a connection are the request line of HTTP/1 (RFC 9112 3)
// or the preface of HTTP/2 (RFC 9113 3.4). Strict, because a false positive is worse than opaque.
// Remembers how far it has looked; a few bytes of state, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace weft::codec {

/// The longest registered method, UPDATEREDIRECTREF, has 17 letters.
inline constexpr std::size_t kMethodBytesMax = 32;

/// RFC 9110 9.1 allows any token as a method. Every registered one is upper-case letters, with `-`
/// and `_` behind the first, and so much else is not that a first byte often decides.
[[nodiscard]] constexpr bool canBeginMethod(std::byte first) noexcept {
  return first >= std::byte{'A'} && first <= std::byte{'Z'};
}

class RequestLine {
 public:
  enum class Verdict : std::uint8_t { NeedMore, No, Http1, Http2 };

  /// `held` is everything since the first byte, longer with each call.
  [[nodiscard]] Verdict advance(base::Bytes held) noexcept;

 private:
  [[nodiscard]] Verdict readMethod(base::Bytes held) noexcept;
  [[nodiscard]] Verdict readRest(base::Bytes held) noexcept;

  std::uint32_t position_ = 0;
  std::uint8_t state_ = 0;  ///< 0 while in the method.
  std::uint8_t prefaceBytes_ = 0;
  bool prefaceOver_ = false;
};

}  // namespace weft::codec
