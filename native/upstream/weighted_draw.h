// WeightedDraw: draws endpoints at random by weight among those that are available, leaving out
// what was drawn or tried before. What random and p2cEwma have in common. A draw is a few steps
// whatever the number of endpoints; where most are not available it is O(log n). One thread;
// allocates in reset() only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "snapshot/cluster.h"
#include "upstream/alias_table.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_set.h"
#include "upstream/weight_tree.h"

namespace weft::upstream {

class WeightedDraw {
 public:
  explicit WeightedDraw(const std::optional<snapshot::SlowStart>& slowStart)
      : endpoints_(slowStart) {}

  void reset(std::span<EndpointState* const> endpoints);

  /// An endpoint may have become available before its time, or begun to start slowly.
  void loadChanged(const EndpointState& endpoint);

  /// Of this moment, times SlowStart::kUnit. REQUIRES: a member.
  [[nodiscard]] std::uint32_t weightOf(const EndpointState& endpoint) const noexcept {
    return endpoints_.weight(endpoint.balancerIndex);
  }

  [[nodiscard]] Usable usable(base::TimePoint now);

  /// The draws for one pick. Until it ends, what it has drawn is not drawn again.
  class Round {
   public:
    Round(WeightedDraw& draw, const PickContext& context);
    ~Round();

    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;

    /// Null when no available endpoint is left. REQUIRES: not called more than twice.
    [[nodiscard]] EndpointState* next();

    /// For when next() has found nothing at all.
    [[nodiscard]] EndpointState* unavailable() const {
      return draw_.endpoints_.pickUnavailable(context_);
    }

   private:
    static constexpr std::uint32_t kDrawnMax = 2;

    [[nodiscard]] bool isDrawn(std::uint32_t index) const noexcept {
      return std::ranges::find(drawn_, index) != drawn_.end();
    }

    EndpointState& take(std::uint32_t index) noexcept;
    EndpointState* fromTree();
    void leaveOut(std::uint32_t index);

    WeightedDraw& draw_;
    const PickContext& context_;
    std::array<std::uint32_t, kDrawnMax> drawn_{EndpointSet::kNotMember, EndpointSet::kNotMember};
    std::uint32_t drawnCount_ = 0;
  };

 private:
  void refresh(base::TimePoint now);

  void include(std::uint32_t index) noexcept { weights_.set(index, endpoints_.weight(index)); }

  void park(std::uint32_t index);

  EndpointSet endpoints_;
  AliasTable all_;
  WeightTree weights_;                  ///< Zero for what is parked or left out.
  std::vector<std::uint32_t> leftOut_;  ///< By the present round.
};

}  // namespace weft::upstream
