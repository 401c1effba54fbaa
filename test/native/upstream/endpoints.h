// Endpoints and picks for the tests of balancers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/address.h"
#include "base/random.h"
#include "upstream/balancer.h"

namespace weft::upstream {

/// Owns endpoint states, numbered from 0, and a balancer over them.
class Endpoints {
 public:
  Endpoints(const snapshot::Balancer& settings, const std::vector<std::uint32_t>& weights)
      : balancer_(makeBalancer(settings)) {
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      const auto port = static_cast<std::uint16_t>(i);
      states_.push_back(std::make_unique<EndpointState>(
          base::EndpointId{i}, base::Address::ipv4({127, 0, 0, 1}, port), settings.rttDefault));
      states_.back()->weight = weights[i];
      members_.push_back(states_.back().get());
    }
    balancer_->setEndpoints(members_);
  }

  [[nodiscard]] EndpointState& at(std::size_t index) { return *states_.at(index); }

  [[nodiscard]] std::size_t size() const { return states_.size(); }

  [[nodiscard]] Balancer& balancer() { return *balancer_; }

  /// Only these stay members.
  void keep(const std::vector<std::size_t>& indexes) {
    members_.clear();
    for (const std::size_t index : indexes) {
      members_.push_back(states_.at(index).get());
    }
    balancer_->setEndpoints(members_);
  }

  EndpointState* pick(const std::vector<EndpointState*>& tried = {}) {
    return balancer_->pick({.now = now, .random = random, .tried = tried});
  }

  /// The number of the endpoint that is picked, -1 for none.
  int pickNumber(const std::vector<EndpointState*>& tried = {}) {
    const EndpointState* endpoint = pick(tried);
    return endpoint == nullptr ? -1 : static_cast<int>(endpoint->id.number);
  }

  void changeLoad(EndpointState& endpoint, int change) {
    endpoint.connectionsNow =
        static_cast<std::uint32_t>(static_cast<int>(endpoint.connectionsNow) + change);
    balancer_->loadChanged(endpoint);
  }

  void die(std::size_t index, base::Duration howLong) {
    at(index).unavailableUntil = now + howLong;
  }

  /// How often each was picked; no connection stays.
  std::vector<int> countPicks(int picks) {
    std::vector<int> counts(states_.size());
    for (int i = 0; i < picks; ++i) {
      ++counts.at(pick()->id.number);
    }
    return counts;
  }

  base::TimePoint now{std::chrono::hours(1)};
  base::Random random{1};

 private:
  std::unique_ptr<Balancer> balancer_;
  std::vector<std::unique_ptr<EndpointState>> states_;
  std::vector<EndpointState*> members_;
};

[[nodiscard]] inline snapshot::Balancer settingsOf(snapshot::BalancerType type) {
  return {
      .type = type, .rttDefault = std::chrono::milliseconds(30), .decay = std::chrono::seconds(10)};
}

}  // namespace weft::upstream
