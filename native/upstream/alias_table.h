// AliasTable: a random draw by weight in the same few steps for any number of weights (Walker's
// alias method). Weights that change need a new table: what is left out for a while, or weighs less
// for a while, is drawn all the same and turned down by the caller. One thread; allocates in
// reset() only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "upstream/endpoint_state.h"

namespace weft::upstream {

class AliasTable {
 public:
  /// By the configured weights of these.
  void reset(std::span<EndpointState* const> endpoints);

  /// REQUIRES: not empty.
  [[nodiscard]] std::uint32_t draw(base::Random& random) const noexcept {
    const std::uint64_t drawn = random.next();
    const std::uint64_t column = ((drawn >> 32U) * columns_.size()) >> 32U;
    const Column& here = columns_[column];
    return static_cast<std::uint32_t>(drawn) < here.part ? static_cast<std::uint32_t>(column)
                                                         : here.other;
  }

 private:
  /// One of as many equal parts as there are weights: its own index has `part` of 2^32, the other
  /// index has the rest.
  struct Column {
    std::uint32_t part = UINT32_MAX;
    std::uint32_t other = 0;
  };

  std::vector<Column> columns_;
};

}  // namespace weft::upstream
