// WeightedDraw: draws endpoints at random by weight among those that are available, leaving out
// what was drawn or tried before. What random and p2cEwma have in common. One thread; allocates in
// reset() only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "upstream/balancer.h"
#include "upstream/endpoint_set.h"
#include "upstream/weight_tree.h"

namespace weft::upstream {

class WeightedDraw {
 public:
  void reset(std::span<EndpointState* const> endpoints);

  /// An endpoint may have become available before its time.
  void loadChanged(const EndpointState& endpoint);

  /// The draws for one pick. Until it ends, what it has drawn is not drawn again.
  class Round {
   public:
    Round(WeightedDraw& draw, const PickContext& context);
    ~Round();

    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;

    /// Null when no available endpoint is left.
    [[nodiscard]] EndpointState* next();

    /// For when next() has found nothing at all.
    [[nodiscard]] EndpointState* unavailable() const {
      return draw_.endpoints_.pickUnavailable(context_);
    }

   private:
    void leaveOut(std::uint32_t index);

    WeightedDraw& draw_;
    const PickContext& context_;
  };

 private:
  void include(std::uint32_t index) noexcept;

  EndpointSet endpoints_;
  WeightTree weights_;                  ///< Zero for what is parked or left out.
  std::vector<std::uint32_t> leftOut_;  ///< By the present round.
};

}  // namespace weft::upstream
