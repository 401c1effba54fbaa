#include "upstream/hash_table.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace weft::upstream {

HashTable::HashTable(std::vector<std::uint32_t> points, std::vector<std::uint32_t> slots)
    : slots_(std::move(slots)), points_(std::move(points)) {
  if (points_.empty()) {
    return;
  }
  WEFT_ASSERT(points_.size() == slots_.size());
  // At least two parts, so that the shift is one that the language defines.
  const std::size_t parts = std::bit_floor(points_.size() + 1);
  const auto bits = static_cast<std::uint32_t>(std::countr_zero(parts));
  startShift_ = 64 - bits;
  starts_.resize(parts);
  std::uint32_t point = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    const std::uint64_t first = std::uint64_t{part} << (32 - bits);
    while (point < points_.size() && points_[point] < first) {
      ++point;
    }
    starts_[part] = point;
  }
}

HashTable HashTable::ofSlots(std::vector<std::uint32_t> slots) {
  return {{}, std::move(slots)};
}

HashTable HashTable::ofPoints(std::vector<std::uint32_t> points, std::vector<std::uint32_t> slots) {
  return {std::move(points), std::move(slots)};
}

std::uint32_t HashTable::slotOf(std::uint64_t key) const noexcept {
  WEFT_ASSERT(size() > 0);
  const std::uint64_t place = key >> 32U;
  if (points_.empty()) {
    return static_cast<std::uint32_t>((place * size()) >> 32U);
  }
  std::uint32_t slot = starts_[key >> startShift_];
  while (slot < size() && points_[slot] < place) {
    ++slot;
  }
  return slot < size() ? slot : 0;
}

}  // namespace weft::upstream
