#include "upstream/p2c_ewma.h"

#include <algorithm>
#include <memory>

#include "base/clock.h"
#include "snapshot/cluster.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_state.h"
#include "upstream/slow_start.h"
#include "upstream/weighted_draw.h"

namespace weft::upstream {

namespace {

// Below this, latencies say nothing, and the load alone decides.
constexpr double kLatencyUsMin = 1.0;

class P2cEwma final : public Balancer {
 public:
  explicit P2cEwma(const snapshot::Balancer& settings)
      : draw_(settings.slowStart), decay_(settings.decay) {}

  void setMembers(const Members& members) override {
    draw_.reset(members.endpoints);
    double sum = 0;
    for (const EndpointState* endpoint : members.endpoints) {
      sum += std::max(endpoint->weight, 1U);
    }
    weightMean_ = members.endpoints.empty()
                      ? SlowStart::kUnit
                      : SlowStart::kUnit * sum / static_cast<double>(members.endpoints.size());
  }

  [[nodiscard]] EndpointState* pick(const PickContext& context) override {
    WeightedDraw::Round round(draw_, context);
    EndpointState* first = round.next();
    if (first == nullptr) {
      return round.unavailable();
    }
    EndpointState* second = round.next();
    if (second == nullptr) {
      return first;
    }
    // The first of equal ones: the draw has given it its share.
    return cost(*second, context) < cost(*first, context) ? second : first;
  }

  void loadChanged(EndpointState& endpoint) override { draw_.loadChanged(endpoint); }

  [[nodiscard]] Usable usable(base::TimePoint now) override { return draw_.usable(now); }

 private:
  [[nodiscard]] double cost(const EndpointState& endpoint,
                            const PickContext& context) const noexcept {
    const PeakEwma& latency = context.forRequest ? endpoint.responseTime : endpoint.connectTime;
    if (!latency.measured() && endpoint.loadNow == 0) {
      // The first tries an unknown endpoint at once; further ones see rttDefault until it has
      // answered.
      return 0;
    }
    const double weight = static_cast<double>(draw_.weightOf(endpoint)) / weightMean_;
    const double load = 1.0 + static_cast<double>(endpoint.loadNow) / weight;
    return std::max(latency.valueUs(context.now, decay_), kLatencyUsMin) * load;
  }

  WeightedDraw draw_;
  base::Duration decay_;
  double weightMean_ = 1.0;
};

}  // namespace

std::unique_ptr<Balancer> makeP2cEwma(const snapshot::Balancer& settings) {
  return std::make_unique<P2cEwma>(settings);
}

}  // namespace weft::upstream
