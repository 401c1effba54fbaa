// Cursor: reads numbers and runs of bytes from the front of a span, in network order. Reading past
// the end gives nothing, leaves nothing and is remembered, so that one question at the end is
// enough and a loop over what is left always ends.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace weft::codec {

class Cursor {
 public:
  explicit Cursor(base::Bytes rest) noexcept : rest_(rest) {}

  /// Of up to four bytes.
  [[nodiscard]] std::uint32_t number(std::size_t bytes) noexcept {
    std::uint32_t value = 0;
    for (const std::byte byte : take(bytes)) {
      value = value << 8U | std::to_integer<std::uint32_t>(byte);
    }
    return value;
  }

  base::Bytes take(std::size_t bytes) noexcept {
    failed_ = failed_ || bytes > rest_.size();
    if (failed_) {
      rest_ = {};
      return {};
    }
    const base::Bytes taken = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return taken;
  }

  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

  /// Everything was there and nothing is left.
  [[nodiscard]] bool atEnd() const noexcept { return !failed_ && rest_.empty(); }

 private:
  base::Bytes rest_;
  bool failed_ = false;
};

}  // namespace weft::codec
