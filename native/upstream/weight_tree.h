// WeightTree: a random draw by weight in O(log n), where weights change one at a time (a Fenwick
// tree). A weight of zero is never drawn, which is how an endpoint is left out for a while and the
// others keep their shares: an alias table would draw faster and would have to be built anew. One
// thread; allocates in reset() only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace weft::upstream {

class WeightTree {
 public:
  /// That many weights of zero.
  void reset(std::size_t count);

  void set(std::uint32_t index, std::uint32_t weight) noexcept;

  [[nodiscard]] std::uint32_t get(std::uint32_t index) const noexcept { return weights_[index]; }

  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

  /// An index, with the probability of its share in the total. REQUIRES: total() > 0.
  [[nodiscard]] std::uint32_t draw(base::Random& random) const noexcept {
    // The bias of the remainder is total / 2^64: nothing.
    return find(random.next() % total_);
  }

  /// The index in whose part `target` falls when the weights lie in a row. REQUIRES: target <
  /// total().
  [[nodiscard]] std::uint32_t find(std::uint64_t target) const noexcept;

 private:
  std::vector<std::uint32_t> weights_;
  std::vector<std::uint64_t> sums_;  ///< sums_[i] of the i & -i weights that end at i - 1.
  std::uint64_t total_ = 0;
};

}  // namespace weft::upstream
