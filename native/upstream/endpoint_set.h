// EndpointSet: the members of one balancer by number, and which of them are parked: found
// unavailable by a pick and not looked at again before their back-off has passed. So dead endpoints
// cost a pick O(log n) once for each back-off, not once for each pick. One thread; allocates in
// reset() only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_state.h"
#include "upstream/index_heap.h"

namespace weft::upstream {

[[nodiscard]] bool wasTried(const PickContext& context, const EndpointState& endpoint) noexcept;

class EndpointSet {
 public:
  static constexpr std::uint32_t kNotMember = UINT32_MAX;

  EndpointSet() : parked_(EarlierReturn{returnAt_}) {}

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

  /// Until what is its unavailableUntil now. REQUIRES: not parked.
  void park(std::uint32_t index);

  /// Unparks one whose back-off has passed; kNotMember when there is none.
  [[nodiscard]] std::uint32_t nextReturn(base::TimePoint now);

  /// Unparks one that has become available before its time; false when it has not.
  [[nodiscard]] bool returnsEarly(std::uint32_t index);

  /// For when no member is available: any that was not tried; null when there is none.
  [[nodiscard]] EndpointState* pickUnavailable(const PickContext& context) const;

 private:
  struct EarlierReturn {
    const std::vector<base::TimePoint>& returnAt;

    bool operator()(std::uint32_t left, std::uint32_t right) const noexcept {
      return returnAt[left] < returnAt[right];
    }
  };

  std::vector<EndpointState*> endpoints_;
  std::vector<base::TimePoint> returnAt_;
  IndexHeap<EarlierReturn> parked_;
};

}  // namespace weft::upstream
