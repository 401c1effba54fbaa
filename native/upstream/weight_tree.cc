#include "upstream/weight_tree.h"

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"

namespace weft::upstream {

void WeightTree::reset(std::size_t count) {
  weights_.assign(count, 0);
  sums_.assign(count + 1, 0);
  total_ = 0;
}

void WeightTree::set(std::uint32_t index, std::uint32_t weight) noexcept {
  // Unsigned arithmetic wraps, so that a smaller weight is added as well.
  const std::uint64_t change = std::uint64_t{weight} - weights_[index];
  weights_[index] = weight;
  total_ += change;
  for (std::size_t i = std::size_t{index} + 1; i < sums_.size(); i += i & (0 - i)) {
    sums_[i] += change;
  }
}

std::uint32_t WeightTree::find(std::uint64_t target) const noexcept {
  WEFT_ASSERT(target < total_);
  std::size_t place = 0;
  for (std::size_t step = std::bit_floor(weights_.size()); step > 0; step /= 2) {
    if (place + step < sums_.size() && sums_[place + step] <= target) {
      place += step;
      target -= sums_[place];
    }
  }
  return static_cast<std::uint32_t>(place);
}

}  // namespace weft::upstream
