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

// Below this, connect times say nothing, and open connections alone decide.
constexpr double kConnectUsMin = 1.0;

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
    return cost(*second, context.now) < cost(*first, context.now) ? second : first;
  }

  void loadChanged(EndpointState& endpoint) override { draw_.loadChanged(endpoint); }

  [[nodiscard]] Usable usable(base::TimePoint now) override { return draw_.usable(now); }

 private:
  [[nodiscard]] double cost(const EndpointState& endpoint, base::TimePoint now) const noexcept {
    if (!endpoint.connectTime.measured() && endpoint.connectionsNow == 0) {
      // One connection tries an unknown endpoint at once; further ones see rttDefault until it has
      // answered.
      return 0;
    }
    const double weight = static_cast<double>(draw_.weightOf(endpoint)) / weightMean_;
    const double load = 1.0 + static_cast<double>(endpoint.connectionsNow) / weight;
    return std::max(endpoint.connectTime.valueUs(now, decay_), kConnectUsMin) * load;
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
