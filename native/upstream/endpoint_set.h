// EndpointSet: the members of one balancer by number, their weights, and which of them are parked:
// found unavailable by a pick and not looked at again before their back-off has passed. So dead
// endpoints cost a pick O(log n) once for each back-off, not once for each pick. One thread;
// allocates in reset() only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "snapshot/cluster.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_state.h"
#include "upstream/index_heap.h"
#include "upstream/slow_start.h"

namespace weft::upstream {

[[nodiscard]] bool wasTried(const PickContext& context, const EndpointState& endpoint) noexcept;

class EndpointSet {
 public:
  static constexpr std::uint32_t kNotMember = UINT32_MAX;

  explicit EndpointSet(const std::optional<snapshot::SlowStart>& slowStart = {})
      : slowStart_(slowStart), parked_(EarlierReturn{returnAt_}) {}

  EndpointSet(const EndpointSet&) = delete;
  EndpointSet& operator=(const EndpointSet&) = delete;

  /// Numbers the members in their order; none is parked.
  void reset(std::span<EndpointState* const> endpoints);

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(endpoints_.size());
  }

  [[nodiscard]] EndpointState& at(std::uint32_t index) const noexcept { return *endpoints_[index]; }

  /// kNotMember for an endpoint of another set or of an earlier one.
  [[nodiscard]] std::uint32_t indexOf(const EndpointState& endpoint) const noexcept;

  /// Of this moment, times SlowStart::kUnit.
  [[nodiscard]] std::uint32_t weight(std::uint32_t index) const noexcept {
    return slowStart_.weight(index);
  }

  /// Whether one that was drawn by its whole weight is taken.
  [[nodiscard]] bool takes(std::uint32_t index, base::Random& random) const noexcept {
    return slowStart_.takes(index, random);
  }

  /// Until what is its unavailableUntil now. REQUIRES: not parked.
  void park(std::uint32_t index);

  [[nodiscard]] bool isParked(std::uint32_t index) const noexcept {
    return parked_.contains(index);
  }

  /// What a pick begins with: calls `returned(index)` for each member whose back-off has passed,
  /// which is no longer parked, and `weighed(index)` for some whose weight has changed.
  template <typename Returned, typename Weighed>
  void refresh(base::TimePoint now, Returned returned, Weighed weighed) {
    now_ = now;
    for (std::uint32_t index = nextReturn(now); index != kNotMember; index = nextReturn(now)) {
      returned(index);
    }
    for (std::uint32_t step = 0; step < kStepsMax; ++step) {
      const std::uint32_t index = slowStart_.nextStep(now);
      if (index == SlowStart::kNone) {
        return;
      }
      weighed(index);
    }
  }

  /// Whether it has become unavailable since it was looked at, as far as the last pick's time says.
  [[nodiscard]] bool isNewlyUnavailable(std::uint32_t index) const noexcept {
    return !parked_.contains(index) && !at(index).availableAt(now_);
  }

  /// Unparks one that has become available before its time; false when it has not.
  [[nodiscard]] bool returnsEarly(std::uint32_t index);

  /// True when the member has begun to start slowly; its weight has changed.
  [[nodiscard]] bool startsSlowly(std::uint32_t index) {
    return slowStart_.begins(index, at(index));
  }

  /// For when no member is available: any that was not tried; null when there is none.
  [[nodiscard]] EndpointState* pickUnavailable(const PickContext& context) const;

  /// What is not parked, by whole weights.
  [[nodiscard]] Usable usable() const noexcept { return usable_; }

 private:
  /// Weights that one pick brings up to date at most: a burst of new endpoints is spread over
  /// picks.
  static constexpr std::uint32_t kStepsMax = 8;

  struct EarlierReturn {
    const std::vector<base::TimePoint>& returnAt;

    bool operator()(std::uint32_t left, std::uint32_t right) const noexcept {
      return returnAt[left] < returnAt[right];
    }
  };

  [[nodiscard]] std::uint32_t nextReturn(base::TimePoint now);
  void unpark(std::uint32_t index);

  std::vector<EndpointState*> endpoints_;
  SlowStart slowStart_;
  std::vector<base::TimePoint> returnAt_;
  IndexHeap<EarlierReturn> parked_;
  Usable usable_;
  base::TimePoint now_{};
};

}  // namespace weft::upstream
