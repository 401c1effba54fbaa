#include "upstream/turns.h"

#include <cstdint>
#include <utility>

#include "base/random.h"
#include "upstream/endpoint_set.h"
#include "upstream/slow_start.h"

namespace weft::upstream {

namespace {

constexpr std::uint64_t kTurnOfWeightOne = (std::uint64_t{1} << 32U) * SlowStart::kUnit;

// 2^32 divided by the golden ratio: its multiples leave no large gap, however many there are.
constexpr std::uint32_t kPhaseStep = 2'654'435'769U;

/// True when `left` is the earlier of two times on a clock that wraps.
bool earlier(std::uint64_t left, std::uint64_t right) noexcept {
  return static_cast<std::int64_t>(left - right) < 0;
}

}  // namespace

void Turns::reset(const EndpointSet& endpoints) {
  turns_.assign(endpoints.size(), Turn{});
  for (std::uint32_t index = 0; index < endpoints.size(); ++index) {
    turns_[index].step = kTurnOfWeightOne / endpoints.weight(index);
  }
}

void Turns::begin(base::Random& random) noexcept {
  phase_ = static_cast<std::uint32_t>(random.next());
  for (std::uint32_t index = 0; index < turns_.size(); ++index) {
    enter(index);
  }
}

bool Turns::before(std::uint32_t left, std::uint32_t right) const noexcept {
  const Turn& first = turns_[left];
  const Turn& second = turns_[right];
  return first.deadline == second.deadline ? first.order < second.order
                                           : earlier(first.deadline, second.deadline);
}

void Turns::taken(std::uint32_t index) noexcept {
  Turn& turn = turns_[index];
  if (earlier(turn.deadline, now_)) {
    turn.deadline = now_;
  }
  now_ = turn.deadline;
  turn.deadline += turn.step;
  turn.order = ++taken_;
}

void Turns::weightChanged(std::uint32_t index, std::uint32_t weight) noexcept {
  Turn& turn = turns_[index];
  const std::uint64_t before = std::exchange(turn.step, kTurnOfWeightOne / weight);
  if (!earlier(turn.deadline, now_)) {
    const double left = static_cast<double>(turn.deadline - now_) / static_cast<double>(before);
    turn.deadline = now_ + static_cast<std::uint64_t>(left * static_cast<double>(turn.step));
  }
}

void Turns::returned(std::uint32_t index) noexcept {
  if (earlier(turns_[index].deadline, now_)) {
    enter(index);
  }
}

void Turns::enter(std::uint32_t index) noexcept {
  Turn& turn = turns_[index];
  const std::uint64_t phase = static_cast<std::uint32_t>(index * kPhaseStep + phase_);
  // In two halves: a step of more than 32 bits belongs to an endpoint that starts slowly.
  turn.deadline = now_ + (turn.step >> 16U) * (phase >> 16U);
}

}  // namespace weft::upstream
