#include "upstream/slow_start.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/clock.h"
#include "upstream/endpoint_state.h"

namespace weft::upstream {

namespace {

/// A weight grows by a thirty-second of the whole at a time.
constexpr std::int64_t kSteps = 32;

std::uint32_t shareOf(std::uint32_t weight, std::int64_t part, std::int64_t whole) noexcept {
  return static_cast<std::uint32_t>(std::max<std::int64_t>(weight * part / whole, 1));
}

}  // namespace

void SlowStart::reset(std::span<EndpointState* const> endpoints) {
  members_.assign(endpoints.size(), Member{});
  starting_.reset(isOn() ? endpoints.size() : 0);
  for (std::uint32_t index = 0; index < endpoints.size(); ++index) {
    Member& member = members_[index];
    member.wholeWeight = std::max(endpoints[index]->weight, 1U) * kUnit;
    member.weight = member.wholeWeight;
    member.from = endpoints[index]->slowStartFrom;
    if (isOn() && member.from != base::TimePoint{}) {
      begin(member, member.from);
      starting_.push(index);
    }
  }
}

bool SlowStart::begins(std::uint32_t index, const EndpointState& endpoint) {
  Member& member = members_[index];
  if (!isOn() || member.from == endpoint.slowStartFrom ||
      endpoint.slowStartFrom == base::TimePoint{}) {
    return false;
  }
  const bool isStarting = starting_.contains(index);
  begin(member, endpoint.slowStartFrom);
  if (isStarting) {
    starting_.update(index);
  } else {
    starting_.push(index);
  }
  return true;
}

/// The first step is due at once: nobody knows here what time it is.
void SlowStart::begin(Member& member, base::TimePoint from) const noexcept {
  member.from = from;
  member.nextStepAt = from;
  member.weight = shareOf(member.wholeWeight, settings_.minSharePercent, 100);
}

std::uint32_t SlowStart::step(base::TimePoint now) {
  const std::uint32_t index = starting_.top();
  Member& member = members_[index];
  const base::Duration window = settings_.window;
  const std::int64_t done = (now - member.from) * kSteps / window;
  if (done >= kSteps) {
    member.weight = member.wholeWeight;
    starting_.remove(index);
    return index;
  }
  member.weight = std::max(shareOf(member.wholeWeight, settings_.minSharePercent, 100),
                           shareOf(member.wholeWeight, done, kSteps));
  // Rounded up, so that the step is done when it is due.
  member.nextStepAt = member.from + (window * (done + 1) + base::Duration(kSteps - 1)) / kSteps;
  starting_.update(index);
  return index;
}

}  // namespace weft::upstream
