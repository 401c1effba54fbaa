#include "upstream/weighted_draw.h"

#include <cstdint>
#include <span>

#include "base/clock.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_set.h"
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
  if (index == EndpointSet::kNotMember) {
    return;
  }
  const bool isLighter = endpoints_.startsSlowly(index);
  if (endpoints_.returnsEarly(index) || (isLighter && !endpoints_.isParked(index))) {
    include(index);
  }
}

void WeightedDraw::refresh(base::TimePoint now) {
  endpoints_.refresh(
      now, [this](std::uint32_t index) { include(index); },
      [this](std::uint32_t index) {
        if (!endpoints_.isParked(index)) {
          include(index);
        }
      });
}

Usable WeightedDraw::usable(base::TimePoint now) {
  refresh(now);
  return endpoints_.usable();
}

WeightedDraw::Round::Round(WeightedDraw& draw, const PickContext& context)
    : draw_(draw), context_(context) {
  const EndpointSet& endpoints = draw_.endpoints_;
  draw_.refresh(context.now);
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
