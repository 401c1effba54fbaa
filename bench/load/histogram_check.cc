// Compares the histogram's quantiles with those of the sorted values, over several shapes of
// latency from 100 ns to minutes, and prints the worst relative error.
//   client histogram-check --samples 200000

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "client.h"

namespace weft::bench {

namespace {

double worstErrorOf(const std::vector<uint64_t>& values) {
  Histogram histogram;
  for (const uint64_t value : values) {
    histogram.record(value);
  }
  std::vector<uint64_t> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  double worst = 0;
  for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const double rank = q * static_cast<double>(sorted.size()) + 0.5;
    const size_t index = rank < 1 ? 0 : static_cast<size_t>(rank) - 1;
    const auto exact = static_cast<double>(sorted[index]);
    const auto reported = static_cast<double>(histogram.quantile(q));
    worst = std::max(worst, std::abs(reported - exact) / exact);
  }
  return worst;
}

}  // namespace

int runHistogramCheck(const Options& options) {
  const size_t sampleCount = options.count("samples", 200'000);
  std::mt19937_64 random(20260801);
  std::lognormal_distribution<double> skewed(10.0, 1.5);
  std::uniform_real_distribution<double> exponents(2.0, 11.0);
  std::exponential_distribution<double> tail(1e-5);
  double worst = 0;
  for (int shape = 0; shape < 3; ++shape) {
    std::vector<uint64_t> values(sampleCount);
    for (auto& value : values) {
      const double drawn = shape == 0   ? skewed(random)
                           : shape == 1 ? std::pow(10.0, exponents(random))
                                        : tail(random);
      value = static_cast<uint64_t>(drawn) + 100;
    }
    worst = std::max(worst, worstErrorOf(values));
  }
  JsonLine line;
  line.add("worstRelativeError", worst);
  line.print();
  return worst <= 0.01 ? 0 : 1;
}

}  // namespace weft::bench
