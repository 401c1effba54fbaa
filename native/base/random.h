// Random: a small fast generator (xoshiro256**) for balancing and jitter; not for secrets. Seeded
// by its owner, so that a test or a simulation repeats itself. One thread.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace weft::base {

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept {
    // splitmix64 spreads any seed, zero too, over the state.
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15U;
      std::uint64_t mixed = seed;
      mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
      mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
      word = mixed ^ (mixed >> 31U);
    }
  }

  [[nodiscard]] std::uint64_t next() noexcept {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// 0 to bound - 1. The bias is below bound / 2^32. REQUIRES: bound > 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32U) * bound) >> 32U);
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace weft::base
