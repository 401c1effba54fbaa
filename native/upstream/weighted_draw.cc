#include "upstream/weighted_draw.h"

#include <cstdint>
#include <span>

#include "base/clock.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_set.h"
#include "upstream/endpoint_state.h"

namespace weft::upstream {

namespace {

/// Draws from all endpoints before those that are available are drawn from alone. With half of them
/// available one pick in 256 gets there.
constexpr std::uint32_t kDrawsMax = 8;

}  // namespace

void WeightedDraw::reset(std::span<EndpointState* const> endpoints) {
  endpoints_.reset(endpoints);
  all_.reset(endpoints);
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
  if (endpoints_.isNewlyUnavailable(index)) {
    park(index);
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

void WeightedDraw::park(std::uint32_t index) {
  weights_.set(index, 0);
  endpoints_.park(index);
}

WeightedDraw::Round::Round(WeightedDraw& draw, const PickContext& context)
    : draw_(draw), context_(context) {
  draw_.refresh(context.now);
}

WeightedDraw::Round::~Round() {
  for (const std::uint32_t index : draw_.leftOut_) {
    // One that was found unavailable meanwhile stays out.
    if (!draw_.endpoints_.isParked(index)) {
      draw_.include(index);
    }
  }
  draw_.leftOut_.clear();
}

EndpointState& WeightedDraw::Round::take(std::uint32_t index) noexcept {
  drawn_[drawnCount_++ % kDrawnMax] = index;
  return draw_.endpoints_.at(index);
}

EndpointState* WeightedDraw::Round::next() {
  EndpointSet& endpoints = draw_.endpoints_;
  if (endpoints.usable().count <= drawnCount_) {
    return nullptr;
  }
  for (std::uint32_t draw = 0; draw < kDrawsMax; ++draw) {
    const std::uint32_t index = draw_.all_.draw(context_.random);
    if (isDrawn(index) || endpoints.isParked(index) || !endpoints.takes(index, context_.random)) {
      continue;
    }
    if (!endpoints.at(index).availableAt(context_.now)) {
      draw_.park(index);
    } else if (!wasTried(context_, endpoints.at(index))) {
      return &take(index);
    }
  }
  return fromTree();
}

EndpointState* WeightedDraw::Round::fromTree() {
  for (const EndpointState* tried : context_.tried) {
    leaveOut(draw_.endpoints_.indexOf(*tried));
  }
  for (const std::uint32_t index : drawn_) {
    leaveOut(index);
  }
  while (draw_.weights_.total() > 0) {
    const std::uint32_t index = draw_.weights_.draw(context_.random);
    if (draw_.endpoints_.at(index).availableAt(context_.now)) {
      return &take(index);
    }
    draw_.park(index);
  }
  return nullptr;
}

void WeightedDraw::Round::leaveOut(std::uint32_t index) {
  if (index != EndpointSet::kNotMember && draw_.weights_.get(index) > 0) {
    draw_.weights_.set(index, 0);
    draw_.leftOut_.push_back(index);
  }
}

}  // namespace weft::upstream
