#include "upstream/hash_balancer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "snapshot/cluster.h"
#include "upstream/balancer.h"
#include "upstream/endpoint_set.h"
#include "upstream/endpoint_state.h"
#include "upstream/hash_table.h"

namespace weft::upstream {

namespace {

/// After so many slots of the table whose endpoints do not take the key, those that live are gone
/// through instead: where hardly any lives, the way to the next one in the table is long.
constexpr std::uint32_t kSlotsMax = 64;

/// What the members that are not parked have together, to know the share of one.
class Loads {
 public:
  void reset(const EndpointSet& endpoints) {
    loads_.assign(endpoints.size(), Load{});
    living_.resize(endpoints.size());
    connections_ = 0;
    weights_ = 0;
    for (std::uint32_t index = 0; index < endpoints.size(); ++index) {
      const EndpointState& endpoint = endpoints.at(index);
      loads_[index] = {
          .connections = endpoint.loadNow, .weight = std::max(endpoint.weight, 1U), .place = index};
      living_[index] = index;
      connections_ += endpoint.loadNow;
      weights_ += loads_[index].weight;
    }
  }

  void set(std::uint32_t index, std::uint32_t connections) noexcept {
    Load& load = loads_[index];
    if (load.place != kParked) {
      connections_ += std::uint64_t{connections} - load.connections;
    }
    load.connections = connections;
  }

  void leave(std::uint32_t index) noexcept {
    Load& load = loads_[index];
    connections_ -= load.connections;
    weights_ -= load.weight;
    const std::uint32_t last = living_.back();
    living_[load.place] = last;
    loads_[last].place = load.place;
    living_.pop_back();
    load.place = kParked;
  }

  void enter(std::uint32_t index) noexcept {
    Load& load = loads_[index];
    connections_ += load.connections;
    weights_ += load.weight;
    load.place = static_cast<std::uint32_t>(living_.size());
    living_.push_back(index);
  }

  [[nodiscard]] const std::vector<std::uint32_t>& living() const noexcept { return living_; }

  /// The connections that a weight of 1 may have when one more has come. REQUIRES: somebody lives.
  [[nodiscard]] double allowed(double bound) const noexcept {
    return bound * static_cast<double>(connections_ + 1) / static_cast<double>(weights_);
  }

  /// Whether one more connection is within what is allowed, rounded up.
  [[nodiscard]] bool hasRoom(std::uint32_t index, double allowed) const noexcept {
    const Load& load = loads_[index];
    return static_cast<double>(load.connections) < allowed * static_cast<double>(load.weight);
  }

 private:
  static constexpr std::uint32_t kParked = UINT32_MAX;

  struct Load {
    std::uint32_t connections = 0;
    std::uint32_t weight = 1;
    std::uint32_t place = kParked;  ///< In living_.
  };

  std::vector<Load> loads_;
  std::vector<std::uint32_t> living_;  ///< Not parked, in no order.
  std::uint64_t connections_ = 0;
  std::uint64_t weights_ = 0;
};

class HashBalancer final : public Balancer {
 public:
  explicit HashBalancer(const std::optional<std::uint32_t>& loadBoundPercent) {
    if (loadBoundPercent.has_value()) {
      loadBound_ = static_cast<double>(*loadBoundPercent) / 100.0;
    }
  }

  void setMembers(const Members& members) override {
    endpoints_.reset(members.endpoints);
    loads_.reset(endpoints_);
    table_ = members.table;
  }

  [[nodiscard]] EndpointState* pick(const PickContext& context) override {
    refresh(context.now);
    // Without a key any endpoint is as good as another.
    const std::uint64_t key = context.key ? *context.key : context.random.next();
    EndpointState* endpoint = fromTable(context, key);
    if (endpoint == nullptr) {
      endpoint = fromLiving(context, key);
    }
    return endpoint != nullptr ? endpoint : endpoints_.pickUnavailable(context);
  }

  void loadChanged(EndpointState& endpoint) override {
    const std::uint32_t index = endpoints_.indexOf(endpoint);
    if (index == EndpointSet::kNotMember) {
      return;
    }
    loads_.set(index, endpoint.loadNow);
    if (endpoints_.returnsEarly(index)) {
      loads_.enter(index);
    }
    if (endpoints_.isNewlyUnavailable(index)) {
      park(index);
    }
  }

  [[nodiscard]] Usable usable(base::TimePoint now) override {
    refresh(now);
    return endpoints_.usable();
  }

 private:
  void refresh(base::TimePoint now) {
    endpoints_.refresh(now, [this](std::uint32_t index) { loads_.enter(index); }, [](auto) {});
  }

  void park(std::uint32_t index) {
    endpoints_.park(index);
    loads_.leave(index);
  }

  /// Parks what it finds unavailable.
  [[nodiscard]] bool isAvailable(const PickContext& context, std::uint32_t index) {
    if (endpoints_.isParked(index)) {
      return false;
    }
    if (!endpoints_.at(index).availableAt(context.now)) {
      park(index);
      return false;
    }
    return !wasTried(context, endpoints_.at(index));
  }

  [[nodiscard]] bool hasRoom(std::uint32_t index) const noexcept {
    return !loadBound_.has_value() || loads_.hasRoom(index, loads_.allowed(*loadBound_));
  }

  EndpointState* fromTable(const PickContext& context, std::uint64_t key) {
    if (table_ == nullptr || table_->size() == 0 || loads_.living().empty()) {
      return nullptr;
    }
    std::uint32_t slot = table_->slotOf(key);
    for (std::uint32_t i = 0; i < kSlotsMax; ++i, slot = table_->after(slot)) {
      const std::uint32_t index = table_->endpointOf(slot);
      if (isAvailable(context, index) && hasRoom(index)) {
        return &endpoints_.at(index);
      }
    }
    return nullptr;
  }

  /// From a place that the key decides on. When those that have room were all tried, the first that
  /// was not.
  EndpointState* fromLiving(const PickContext& context, std::uint64_t key) {
    const std::vector<std::uint32_t>& living = loads_.living();
    EndpointState* withoutRoom = nullptr;
    std::size_t place = living.empty() ? 0 : base::mixed(key) % living.size();
    // Each step looks at one or parks one, whose place another one takes that was seen perhaps.
    for (std::size_t left = 2 * living.size(); left > 0 && !living.empty(); --left) {
      place = place < living.size() ? place : 0;
      const std::uint32_t index = living[place];
      if (isAvailable(context, index)) {
        if (hasRoom(index)) {
          return &endpoints_.at(index);
        }
        withoutRoom = withoutRoom == nullptr ? &endpoints_.at(index) : withoutRoom;
      }
      place += endpoints_.isParked(index) ? 0 : 1;
    }
    return withoutRoom;
  }

  EndpointSet endpoints_;
  Loads loads_;
  const HashTable* table_ = nullptr;
  std::optional<double> loadBound_;
};

}  // namespace

std::unique_ptr<Balancer> makeHashBalancer(const snapshot::Balancer& settings) {
  return std::make_unique<HashBalancer>(settings.loadBoundPercent);
}

}  // namespace weft::upstream
