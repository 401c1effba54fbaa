#include "upstream/endpoint_set.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "upstream/balancer.h"
#include "upstream/endpoint_state.h"

namespace weft::upstream {

bool wasTried(const PickContext& context, const EndpointState& endpoint) noexcept {
  return std::ranges::find(context.tried, &endpoint) != context.tried.end();
}

void EndpointSet::reset(std::span<EndpointState* const> endpoints) {
  endpoints_.assign(endpoints.begin(), endpoints.end());
  slowStart_.reset(endpoints);
  returnAt_.assign(endpoints.size(), base::TimePoint{});
  parked_.reset(endpoints.size());
  usable_ = {.weight = 0, .count = size()};
  for (std::uint32_t index = 0; index < size(); ++index) {
    at(index).balancerIndex = index;
    usable_.weight += std::max(at(index).weight, 1U);
  }
}

std::uint32_t EndpointSet::indexOf(const EndpointState& endpoint) const noexcept {
  const std::uint32_t index = endpoint.balancerIndex;
  return index < size() && endpoints_[index] == &endpoint ? index : kNotMember;
}

void EndpointSet::park(std::uint32_t index) {
  returnAt_[index] = at(index).unavailableUntil;
  parked_.push(index);
  usable_.weight -= std::max(at(index).weight, 1U);
  --usable_.count;
}

void EndpointSet::unpark(std::uint32_t index) {
  parked_.remove(index);
  usable_.weight += std::max(at(index).weight, 1U);
  ++usable_.count;
}

std::uint32_t EndpointSet::nextReturn(base::TimePoint now) {
  if (parked_.empty() || returnAt_[parked_.top()] > now) {
    return kNotMember;
  }
  const std::uint32_t index = parked_.top();
  unpark(index);
  return index;
}

bool EndpointSet::returnsEarly(std::uint32_t index) {
  if (!parked_.contains(index) || at(index).unavailableUntil >= returnAt_[index]) {
    return false;
  }
  unpark(index);
  return true;
}

EndpointState* EndpointSet::pickUnavailable(const PickContext& context) const {
  if (endpoints_.empty()) {
    return nullptr;
  }
  // Those that were tried are few, so this ends after a few steps.
  const std::uint32_t first = context.random.below(size());
  for (std::uint32_t step = 0; step < size(); ++step) {
    EndpointState& endpoint = at((first + step) % size());
    if (!wasTried(context, endpoint)) {
      return &endpoint;
    }
  }
  return nullptr;
}

}  // namespace weft::upstream
