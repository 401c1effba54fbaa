// Turns: whose turn it is, by weight: earliest deadline first, where each turn puts the next one
// 1/weight later. The deadlines of neighbours begin at different phases, so that turns of a heavy
// endpoint are spread between those of light ones and do not come in a burst. One thread; allocates
// in reset() only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "upstream/endpoint_set.h"

namespace weft::upstream {

class Turns {
 public:
  void reset(const EndpointSet& endpoints);

  /// Deals out the first turns. Workers begin with different endpoints because their generators
  /// differ.
  void begin(base::Random& random) noexcept;

  [[nodiscard]] bool before(std::uint32_t left, std::uint32_t right) const noexcept;

  /// It has had its turn.
  void taken(std::uint32_t index) noexcept;

  /// In the unit of the set's weights. What it has waited for its turn counts.
  void weightChanged(std::uint32_t index, std::uint32_t weight) noexcept;

  /// It was away: when it has missed turns its next one is a usual one, not all those.
  void returned(std::uint32_t index) noexcept;

 private:
  struct Turn {
    std::uint64_t deadline = 0;  ///< In turns of weight 1, times 2^32; wraps.
    std::uint64_t order = 0;     ///< Among equal deadlines.
    std::uint64_t step = 0;
  };

  void enter(std::uint32_t index) noexcept;

  std::vector<Turn> turns_;
  std::uint64_t now_ = 0;  ///< Deadline of the last turn that was taken.
  std::uint64_t taken_ = 0;
  std::uint32_t phase_ = 0;
};

}  // namespace weft::upstream
