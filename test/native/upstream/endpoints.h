// Endpoints and picks for the tests of balancers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/random.h"
#include "upstream/balancer.h"
#include "upstream/hash_table_builder.h"

namespace weft::upstream {

/// Owns endpoint states, numbered from 0, and a balancer over them.
class Endpoints {
 public:
  Endpoints(const snapshot::Balancer& settings, const std::vector<std::uint32_t>& weights)
      : Endpoints(settings, weights, {}, 0) {}

  /// The first `nearCount` are in the own zone.
  Endpoints(const snapshot::Balancer& settings, const std::vector<std::uint32_t>& weights,
            const std::optional<snapshot::ZonePreference>& zonePreference, std::size_t nearCount)
      : balancer_(makeBalancer(settings, zonePreference)) {
    cluster_.balancer = settings;
    cluster_.zonePreference = zonePreference;
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      const auto port = static_cast<std::uint16_t>(i + 1);
      states_.push_back(std::make_unique<EndpointState>(
          base::EndpointId{i}, base::Address::ipv4({127, 0, 0, 1}, port), settings.rttDefault));
      states_.back()->weight = weights[i];
      states_.back()->ownZone = i < nearCount;
      members_.push_back(states_.back().get());
    }
    setMembers();
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
    setMembers();
  }

  EndpointState* pick(const std::vector<EndpointState*>& tried = {},
                      std::optional<std::uint64_t> key = {}) {
    return balancer_->pick({.now = now, .random = random, .tried = tried, .key = key});
  }

  /// The number of the endpoint that is picked, -1 for none.
  int pickNumber(const std::vector<EndpointState*>& tried = {}) {
    const EndpointState* endpoint = pick(tried);
    return endpoint == nullptr ? -1 : static_cast<int>(endpoint->id.number);
  }

  void changeLoad(EndpointState& endpoint, int change) {
    endpoint.loadNow = static_cast<std::uint32_t>(static_cast<int>(endpoint.loadNow) + change);
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
  /// As a snapshot has them.
  void setMembers() {
    cluster_.endpoints.clear();
    for (const EndpointState* member : members_) {
      cluster_.endpoints.push_back({.id = member->id,
                                    .address = member->address,
                                    .weight = member->weight,
                                    .ownZone = member->ownZone});
    }
    auto tables = buildHashTables(cluster_);
    balancer_->setMembers({.endpoints = members_,
                           .table = tables == nullptr ? nullptr : &tables->table,
                           .ownZoneTable = tables == nullptr ? nullptr : &tables->ownZone});
    tables_ = std::move(tables);
  }

  snapshot::Cluster cluster_;
  std::shared_ptr<const HashTables> tables_;
  std::unique_ptr<Balancer> balancer_;
  std::vector<std::unique_ptr<EndpointState>> states_;
  std::vector<EndpointState*> members_;
};

[[nodiscard]] inline snapshot::Balancer settingsOf(snapshot::BalancerType type) {
  return {
      .type = type, .rttDefault = std::chrono::milliseconds(30), .decay = std::chrono::seconds(10)};
}

}  // namespace weft::upstream
