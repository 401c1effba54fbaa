// SlowStart: the weights of the members of one balancer, where the weight of an endpoint that is
// new or came back grows from a minimum share to the whole. Time is a number that each pick hands
// in; a weight changes in steps, a few endpoints in each pick, so that 10,000 new endpoints cause
// no stall. One thread; allocates in reset() only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "snapshot/cluster.h"
#include "upstream/endpoint_state.h"
#include "upstream/index_heap.h"

namespace weft::upstream {

class SlowStart {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Weights are in 256ths, so that a tenth of a weight of 1 is something.
  static constexpr std::uint32_t kUnit = 256;

  /// Without settings every endpoint has its whole weight.
  explicit SlowStart(const std::optional<snapshot::SlowStart>& settings)
      : settings_(settings.value_or(snapshot::SlowStart{})), starting_(EarlierStep{members_}) {}

  SlowStart(const SlowStart&) = delete;
  SlowStart& operator=(const SlowStart&) = delete;

  void reset(std::span<EndpointState* const> endpoints);

  /// Of this moment, times kUnit; at least 1.
  [[nodiscard]] std::uint32_t weight(std::uint32_t index) const noexcept {
    return members_[index].weight;
  }

  /// Whether one that was drawn by its whole weight is taken: as often as its weight is now.
  [[nodiscard]] bool takes(std::uint32_t index, base::Random& random) const noexcept {
    const Member& member = members_[index];
    return member.weight == member.wholeWeight || random.below(member.wholeWeight) < member.weight;
  }

  /// True when the member has begun to start slowly since the last call; its weight is another.
  [[nodiscard]] bool begins(std::uint32_t index, const EndpointState& endpoint);

  /// A member whose weight has just grown; kNone when none is due.
  [[nodiscard]] std::uint32_t nextStep(base::TimePoint now) {
    return starting_.empty() || members_[starting_.top()].nextStepAt > now ? kNone : step(now);
  }

 private:
  struct Member {
    base::TimePoint from{};
    base::TimePoint nextStepAt{};
    std::uint32_t wholeWeight = kUnit;
    std::uint32_t weight = kUnit;
  };

  struct EarlierStep {
    const std::vector<Member>& members;

    bool operator()(std::uint32_t left, std::uint32_t right) const noexcept {
      return members[left].nextStepAt < members[right].nextStepAt;
    }
  };

  void begin(Member& member, base::TimePoint from) const noexcept;
  std::uint32_t step(base::TimePoint now);

  [[nodiscard]] bool isOn() const noexcept { return settings_.window > base::Duration::zero(); }

  snapshot::SlowStart settings_;  ///< No window, no slow start.
  std::vector<Member> members_;
  IndexHeap<EarlierStep> starting_;
};

}  // namespace weft::upstream
