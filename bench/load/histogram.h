// A histogram of nanoseconds with a bounded relative error, in the manner of HdrHistogram: each
// power of two is cut into 128 equal buckets, so that a reported value is off by at most 1/256 (0.4
// %). Recording is two shifts and an increment; nothing is allocated after construction.

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace weft::bench {

class Histogram {
 public:
  void record(uint64_t nanoseconds) {
    ++buckets_[indexOf(nanoseconds)];
    ++count_;
    max_ = nanoseconds > max_ ? nanoseconds : max_;
  }

  uint64_t count() const { return count_; }

  uint64_t max() const { return max_; }

  // The value below which the share `q` (0 to 1) of the recorded values lies; 0 when empty.
  uint64_t quantile(double q) const {
    uint64_t rank = static_cast<uint64_t>(q * static_cast<double>(count_) + 0.5);
    rank = rank < 1 ? 1 : rank;
    uint64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen >= rank) {
        const uint64_t middle = middleOf(i);
        return middle < max_ ? middle : max_;
      }
    }
    return 0;
  }

 private:
  static constexpr unsigned kSubBits = 7;
  static constexpr uint64_t kSubCount = uint64_t{1} << kSubBits;
  // Up to 2^44 ns, nearly five hours; what is longer lands in the last bucket.
  static constexpr unsigned kValueBits = 44;

  static size_t indexOf(uint64_t value) {
    constexpr uint64_t kLargest = (uint64_t{1} << kValueBits) - 1;
    value = value > kLargest ? kLargest : value;
    if (value < kSubCount) {
      return static_cast<size_t>(value);
    }
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
    return static_cast<size_t>((uint64_t{shift} + 1) * kSubCount + (value >> shift) - kSubCount);
  }

  static uint64_t middleOf(size_t index) {
    if (index < kSubCount) {
      return index;
    }
    const uint64_t shift = index / kSubCount - 1;
    const uint64_t low = (index % kSubCount + kSubCount) << shift;
    return low + (uint64_t{1} << shift) / 2;
  }

  std::array<uint64_t, (kValueBits - kSubBits + 1) * kSubCount> buckets_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace weft::bench
