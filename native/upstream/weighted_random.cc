#include "upstream/weighted_random.h"

#include <memory>
#include <optional>

#include "base/clock.h"
#include "snapshot/cluster.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_state.h"
#include "upstream/weighted_draw.h"

namespace weft::upstream {

namespace {

class WeightedRandom final : public Balancer {
 public:
  explicit WeightedRandom(const std::optional<snapshot::SlowStart>& slowStart) : draw_(slowStart) {}

  void setMembers(const Members& members) override { draw_.reset(members.endpoints); }

  [[nodiscard]] EndpointState* pick(const PickContext& context) override {
    WeightedDraw::Round round(draw_, context);
    EndpointState* endpoint = round.next();
    return endpoint != nullptr ? endpoint : round.unavailable();
  }

  void loadChanged(EndpointState& endpoint) override { draw_.loadChanged(endpoint); }

  [[nodiscard]] Usable usable(base::TimePoint now) override { return draw_.usable(now); }

 private:
  WeightedDraw draw_;
};

}  // namespace

std::unique_ptr<Balancer> makeWeightedRandom(const snapshot::Balancer& settings) {
  return std::make_unique<WeightedRandom>(settings.slowStart);
}

}  // namespace weft::upstream
