// RateGate: how many of something may come in a while: the generic cell rate algorithm (ITU-T
// I.371), which keeps one time instead of a bucket and a timer. One worker.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace weft::proxy {

class RateGate {
 public:
  /// Zero: one may come now. Otherwise how long it would have to wait; then nothing is counted.
  /// `interval`: between two on average; `tolerance`: how much sooner than on average one may come.
  [[nodiscard]] base::Duration enter(base::TimePoint now, base::Duration interval,
                                     base::Duration tolerance) noexcept {
    const base::TimePoint due = std::max(due_, now);
    if (due - now > tolerance) {
      return due - now - tolerance;
    }
    due_ = due + interval;
    return base::Duration::zero();
  }

 private:
  base::TimePoint due_{};  ///< Of the next one, if all had come evenly.
};

}  // namespace weft::proxy
