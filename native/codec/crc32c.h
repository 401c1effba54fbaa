// The checksum of RFC 4960 appendix B, over bytes that may lie in several pieces. Any thread.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace weft::codec {

class Crc32c {
 public:
  void add(base::Bytes bytes) noexcept;

  [[nodiscard]] std::uint32_t value() const noexcept { return ~state_; }

 private:
  std::uint32_t state_ = 0xffffffff;
};

}  // namespace weft::codec
