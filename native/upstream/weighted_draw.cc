#include "upstream/weighted_draw.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "upstream/balancer.h"
#include "upstream/endpoint_state.h"

namespace weft::upstream {

void WeightedDraw::reset(std::span<EndpointState* const> endpoints) {
  endpoints_.reset(endpoints);
  weights_.reset(endpoints.size());
  leftOut_.clear();
  leftOut_.reserve(endpoints.size());
  for (std::uint32_t index = 0; index < endpoints_.size(); ++index) {
    include(index);
  }
}

void WeightedDraw::loadChanged(const EndpointState& endpoint) {
  const std::uint32_t index = endpoints_.indexOf(endpoint);
  if (index != EndpointSet::kNotMember && endpoints_.returnsEarly(index)) {
    include(index);
  }
}

void WeightedDraw::include(std::uint32_t index) noexcept {
  weights_.set(index, std::max(endpoints_.at(index).weight, 1U));
}

WeightedDraw::Round::Round(WeightedDraw& draw, const PickContext& context)
    : draw_(draw), context_(context) {
  EndpointSet& endpoints = draw_.endpoints_;
  for (std::uint32_t index = endpoints.nextReturn(context.now); index != EndpointSet::kNotMember;
       index = endpoints.nextReturn(context.now)) {
    draw_.include(index);
  }
  for (const EndpointState* tried : context.tried) {
    const std::uint32_t index = endpoints.indexOf(*tried);
    if (index != EndpointSet::kNotMember && draw_.weights_.get(index) > 0) {
      leaveOut(index);
    }
  }
}

WeightedDraw::Round::~Round() {
  for (const std::uint32_t index : draw_.leftOut_) {
    draw_.include(index);
  }
  draw_.leftOut_.clear();
}

EndpointState* WeightedDraw::Round::next() {
  while (draw_.weights_.total() > 0) {
    const std::uint32_t index = draw_.weights_.draw(context_.random);
    EndpointState& endpoint = draw_.endpoints_.at(index);
    if (endpoint.availableAt(context_.now)) {
      leaveOut(index);
      return &endpoint;
    }
    draw_.weights_.set(index, 0);
    draw_.endpoints_.park(index);
  }
  return nullptr;
}

void WeightedDraw::Round::leaveOut(std::uint32_t index) {
  draw_.weights_.set(index, 0);
  draw_.leftOut_.push_back(index);
}

}  // namespace weft::upstream
