#include "upstream/endpoint_state.h"

#include <cmath>

#include "base/clock.h"

namespace weft::upstream {

namespace {

/// What is left of an average after `elapsed`: 1/e after one `decay`.
double remaining(base::Duration elapsed, base::Duration decay) noexcept {
  if (elapsed <= base::Duration::zero()) {
    return 1.0;
  }
  // Of single precision, which is plenty here: the exp() of doubles asks for glibc 2.29.
  return std::exp(-static_cast<float>(elapsed.count()) / static_cast<float>(decay.count()));
}

}  // namespace

void PeakEwma::observe(base::Duration sample, base::TimePoint now, base::Duration decay) noexcept {
  const double sampleUs = static_cast<double>(sample.count());
  if (!measured_ || decay <= base::Duration::zero() || sampleUs >= valueUs(now, decay)) {
    // The first sample replaces a guess; a peak counts in full.
    valueUs_ = sampleUs;
  } else {
    const double old = remaining(now - updated_, decay);
    valueUs_ = valueUs_ * old + sampleUs * (1.0 - old);
  }
  updated_ = now;
  measured_ = true;
}

double PeakEwma::valueUs(base::TimePoint now, base::Duration decay) const noexcept {
  if (!measured_ || decay <= base::Duration::zero()) {
    return valueUs_;
  }
  return valueUs_ * remaining(now - updated_, decay);
}

}  // namespace weft::upstream
