// Limit: how many of something this worker has, and whether it may have one more, when all workers
// together have a maximum. Costs a plain count while there is no maximum; what is inside then
// counts from the moment there is one. Used by one worker; the gate is shared.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/gate.h"

namespace weft::upstream {

class Limit {
 public:
  Limit() = default;

  ~Limit() { apply({}, nullptr); }

  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

  /// REQUIRES: a gate where there is a maximum.
  void apply(std::optional<std::uint32_t> max, std::shared_ptr<base::Gate> gate) noexcept {
    if (gate != gate_) {
      if (gate_ != nullptr) {
        gate_->leave(now_);
      }
      gate_ = std::move(gate);
      if (gate_ != nullptr) {
        gate_->admit(now_);
      }
    }
    max_ = max.value_or(UINT32_MAX);
  }

  /// False, and nothing is counted, when the maximum is reached.
  [[nodiscard]] bool enter() noexcept {
    if (gate_ != nullptr && !gate_->enter(max_)) {
      return false;
    }
    ++now_;
    return true;
  }

  void leave() noexcept {
    --now_;
    if (gate_ != nullptr) {
      gate_->leave();
    }
  }

  /// In this worker.
  [[nodiscard]] std::uint32_t now() const noexcept { return now_; }

 private:
  std::shared_ptr<base::Gate> gate_;
  std::uint32_t max_ = UINT32_MAX;
  std::uint32_t now_ = 0;
};

}  // namespace weft::upstream
