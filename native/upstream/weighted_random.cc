#include "upstream/weighted_random.h"

#include <memory>
#include <span>

#include "upstream/balancer.h"
#include "upstream/endpoint_state.h"
#include "upstream/weighted_draw.h"

namespace weft::upstream {

namespace {

class WeightedRandom final : public Balancer {
 public:
  void setEndpoints(std::span<EndpointState* const> endpoints) override { draw_.reset(endpoints); }

  [[nodiscard]] EndpointState* pick(const PickContext& context) override {
    WeightedDraw::Round round(draw_, context);
    EndpointState* endpoint = round.next();
    return endpoint != nullptr ? endpoint : round.unavailable();
  }

  void loadChanged(EndpointState& endpoint) override { draw_.loadChanged(endpoint); }

 private:
  WeightedDraw draw_;
};

}  // namespace

std::unique_ptr<Balancer> makeWeightedRandom() {
  return std::make_unique<WeightedRandom>();
}

}  // namespace weft::upstream
