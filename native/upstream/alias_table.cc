#include "upstream/alias_table.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "upstream/endpoint_state.h"

namespace weft::upstream {

/// Vose's way: what a light one leaves of its column is filled from a heavy one, which is a light
/// one itself when it has given enough.
void AliasTable::reset(std::span<EndpointState* const> endpoints) {
  const auto count = static_cast<std::uint32_t>(endpoints.size());
  columns_.resize(count);
  std::vector<std::uint64_t> left(count);
  std::uint64_t column = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    left[i] = std::uint64_t{std::max(endpoints[i]->weight, 1U)} * count;
    column += std::max(endpoints[i]->weight, 1U);
    // One that has no other: whatever is drawn, it is its own.
    columns_[i] = {.part = UINT32_MAX, .other = i};
  }
  std::vector<std::uint32_t> light;
  std::vector<std::uint32_t> heavy;
  for (std::uint32_t i = 0; i < count; ++i) {
    (left[i] < column ? light : heavy).push_back(i);
  }
  while (!light.empty() && !heavy.empty()) {
    const std::uint32_t small = light.back();
    const std::uint32_t large = heavy.back();
    light.pop_back();
    const double part = static_cast<double>(left[small]) / static_cast<double>(column);
    columns_[small] = {.part = static_cast<std::uint32_t>(part * 4294967296.0), .other = large};
    left[large] -= column - left[small];
    if (left[large] < column) {
      heavy.pop_back();
      light.push_back(large);
    }
  }
}

}  // namespace weft::upstream
