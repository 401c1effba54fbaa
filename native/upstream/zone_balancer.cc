#include "upstream/zone_balancer.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "snapshot/cluster.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_state.h"

namespace weft::upstream {

namespace {

class ZoneBalancer final : public Balancer {
 public:
  ZoneBalancer(const snapshot::ZonePreference& settings, ZoneBalancers balancers) noexcept
      : settings_(settings), balancers_(std::move(balancers)) {}

  void setMembers(const Members& members) override {
    ownZone_.clear();
    others_.clear();
    ownWeight_ = 0;
    for (EndpointState* endpoint : members.endpoints) {
      (endpoint->ownZone ? ownZone_ : others_).push_back(endpoint);
      ownWeight_ += endpoint->ownZone ? std::max(endpoint->weight, 1U) : 0;
    }
    balancers_.ownZone->setMembers({.endpoints = ownZone_, .table = members.ownZoneTable});
    balancers_.others->setMembers({.endpoints = others_, .table = members.table});
  }

  [[nodiscard]] EndpointState* pick(const PickContext& context) override {
    const bool stays = staysHere(context);
    Balancer& first = stays ? *balancers_.ownZone : *balancers_.others;
    Balancer& second = stays ? *balancers_.others : *balancers_.ownZone;
    EndpointState* endpoint = first.pick(context);
    if (endpoint != nullptr && endpoint->availableAt(context.now)) {
      return endpoint;
    }
    // What is available in another zone is better than what is not in this one.
    EndpointState* other = second.pick(context);
    const bool isBetter =
        other != nullptr && (endpoint == nullptr || other->availableAt(context.now));
    return isBetter ? other : endpoint;
  }

  void loadChanged(EndpointState& endpoint) override {
    (endpoint.ownZone ? balancers_.ownZone : balancers_.others)->loadChanged(endpoint);
  }

  [[nodiscard]] Usable usable(base::TimePoint now) override {
    const Usable here = balancers_.ownZone->usable(now);
    const Usable there = balancers_.others->usable(now);
    return {.weight = here.weight + there.weight, .count = here.count + there.count};
  }

 private:
  static constexpr std::uint64_t kWhole = std::uint64_t{1} << 32U;

  /// Whether this connection is one of those that stay.
  bool staysHere(const PickContext& context) {
    const std::uint64_t share = shareHere(context.now);
    if (share == 0 || share == kWhole) {
      return share == kWhole;
    }
    // Equal keys stay or go together.
    const std::uint64_t chance = context.key ? base::mixed(*context.key) : context.random.next();
    return (chance >> 32U) < share;
  }

  /// The part of the connections that stays, of kWhole.
  std::uint64_t shareHere(base::TimePoint now) {
    const Usable here = balancers_.ownZone->usable(now);
    if (here.count < std::max(settings_.usableCountMin, 1U)) {
      return 0;
    }
    const std::uint64_t wanted = ownWeight_ * settings_.usableSharePercentMin;
    const std::uint64_t have = here.weight * 100;
    // Weights of at most 2^16 times 2^24 endpoints times 100 leave no room for kWhole beside them.
    return have >= wanted ? kWhole : (have << 10U) / wanted << 22U;
  }

  snapshot::ZonePreference settings_;
  ZoneBalancers balancers_;
  std::vector<EndpointState*> ownZone_;
  std::vector<EndpointState*> others_;
  std::uint64_t ownWeight_ = 0;
};

}  // namespace

std::unique_ptr<Balancer> makeZoneBalancer(const snapshot::ZonePreference& settings,
                                           ZoneBalancers balancers) {
  return std::make_unique<ZoneBalancer>(settings, std::move(balancers));
}

}  // namespace weft::upstream
