// The bytes that bulk tests send: the byte at offset n of every stream is pattern[n mod 65,521].
// The period is prime, so that bytes which are lost, doubled or swapped by any buffer size are
// seen.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace weft::bench {

class Pattern {
 public:
  static constexpr size_t kChunkBytes = size_t{256} * 1024;

  Pattern() : bytes_(kPeriod + kChunkBytes) {
    uint32_t state = 0x9E3779B9;
    for (size_t i = 0; i < bytes_.size(); ++i) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      bytes_[i] = i < kPeriod ? static_cast<unsigned char>(state) : bytes_[i - kPeriod];
    }
  }

  // kChunkBytes bytes that belong at `offset` of a stream.
  const unsigned char* at(uint64_t offset) const {
    return bytes_.data() + static_cast<size_t>(offset % kPeriod);
  }

  // True when these bytes (at most kChunkBytes) are what belongs at `offset`.
  bool matches(uint64_t offset, const unsigned char* bytes, size_t length) const {
    return std::memcmp(at(offset), bytes, length) == 0;
  }

 private:
  static constexpr size_t kPeriod = 65'521;
  std::vector<unsigned char> bytes_;
};

// What a sink answers when its client has sent its FIN: sixteen bytes.
struct SinkVerdict {
  uint64_t byteCount = 0;
  uint64_t wrongChunkCount = 0;
};

}  // namespace weft::bench
