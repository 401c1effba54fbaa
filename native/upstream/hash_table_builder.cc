#include "upstream/hash_table_builder.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "snapshot/cluster.h"
#include "snapshot/endpoint.h"
#include "upstream/hash_table.h"

namespace weft::upstream {

namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15U;
constexpr std::uint32_t kNobody = UINT32_MAX;

std::uint64_t weightSum(std::span<const Hashed> endpoints) noexcept {
  std::uint64_t sum = 0;
  for (const Hashed& endpoint : endpoints) {
    sum += endpoint.weight;
  }
  return sum;
}

/// How many points or claims a weight is worth: a power of two, so that it stays the same while
/// endpoints come and go and the sum of the weights does not double.
class Worth {
 public:
  /// For a sum of at least `countMin` and less than twice that.
  Worth(std::uint64_t weights, std::uint64_t countMin) noexcept {
    while (((weights << up_) >> down_) < countMin) {
      ++up_;
    }
    while (((weights << up_) >> (down_ + 1)) >= countMin) {
      ++down_;
    }
  }

  /// At least one.
  [[nodiscard]] std::uint64_t of(std::uint32_t weight) const noexcept {
    return std::max<std::uint64_t>((std::uint64_t{weight} << up_) >> down_, 1);
  }

 private:
  std::uint32_t up_ = 0;
  std::uint32_t down_ = 0;
};

// ---- ring ----

// 64 points each: the shares of equal endpoints differ by an eighth of the mean (one standard
// deviation), and 10,000 of them make a ring of 5 MB.
constexpr std::uint64_t kPointsMean = 64;
// A ring of more than 65,536 endpoints has fewer points for each.
constexpr std::uint64_t kPointsMax = std::uint64_t{1} << 22U;

struct Point {
  std::uint32_t place = 0;
  std::uint32_t endpoint = 0;
};

std::uint32_t placeOf(std::uint64_t hash, std::uint64_t number) noexcept {
  return static_cast<std::uint32_t>(base::mixed(hash + (number + 1) * kGolden) >> 32U);
}

/// By place, the last bits first: three passes over the memory whatever the count.
void sortByPlace(std::vector<Point>& points) {
  constexpr std::uint32_t kBits = 11;
  constexpr std::uint32_t kMask = (1U << kBits) - 1;
  std::vector<Point> sorted(points.size());
  for (std::uint32_t shift = 0; shift < 32; shift += kBits) {
    std::array<std::uint32_t, kMask + 1> ends{};
    for (const Point& point : points) {
      ++ends[(point.place >> shift) & kMask];
    }
    std::uint32_t sum = 0;
    for (std::uint32_t& end : ends) {
      sum += std::exchange(end, sum);
    }
    for (const Point& point : points) {
      sorted[ends[(point.place >> shift) & kMask]++] = point;
    }
    points.swap(sorted);
  }
}

/// In the order of the ring, which does not depend on the order in which endpoints are listed.
std::vector<Point> sortedPoints(std::span<const Hashed> endpoints, const Worth& worth) {
  std::vector<Point> points;
  points.reserve(2 * kPointsMean * endpoints.size());
  for (std::uint32_t index = 0; index < endpoints.size(); ++index) {
    const std::uint64_t count = worth.of(endpoints[index].weight);
    for (std::uint64_t i = 0; i < count; ++i) {
      points.push_back({.place = placeOf(endpoints[index].hash, i), .endpoint = index});
    }
  }
  sortByPlace(points);
  // The few points that share a place.
  for (std::size_t i = 1; i < points.size(); ++i) {
    for (std::size_t k = i;
         k > 0 && points[k].place == points[k - 1].place &&
         endpoints[points[k].endpoint].hash < endpoints[points[k - 1].endpoint].hash;
         --k) {
      std::swap(points[k], points[k - 1]);
    }
  }
  return points;
}

// ---- Maglev ----

// Primes above 2^16, 2^18 and so on. With 65,537 slots the shares of 100 equal endpoints differ by
// 3 % (one standard deviation), of 1,000 by 9 %; a larger table would take longer to fill, and a
// table that grew with each endpoint would move all keys.
constexpr std::array<std::uint32_t, 4> kSizes = {65'537, 262'147, 1'048'583, 4'194'319};
// The table is changed for the next size when there are fewer slots for an endpoint.
constexpr std::uint32_t kSlotsMin = 16;
// With so many claims for each slot, one in twenty stays free at most.
constexpr std::uint64_t kClaimsPerSlot = 3;

std::uint32_t sizeFor(std::size_t endpointCount) noexcept {
  for (const std::uint32_t size : kSizes) {
    if (size / kSlotsMin >= endpointCount) {
      return size;
    }
  }
  return kSizes.back();
}

struct Claim {
  std::uint64_t time = UINT64_MAX;
  std::uint32_t endpoint = kNobody;
};

std::uint32_t below(std::uint64_t hash, std::uint32_t bound) noexcept {
  return static_cast<std::uint32_t>(((hash >> 32U) * bound) >> 32U);
}

class Claims {
 public:
  Claims(std::span<const Hashed> endpoints, std::uint32_t size)
      : endpoints_(endpoints), claims_(size) {}

  /// All claims of one endpoint. It makes no difference who comes first.
  void enter(std::uint32_t index, std::uint64_t count) {
    const Hashed& endpoint = endpoints_[index];
    const auto size = static_cast<std::uint32_t>(claims_.size());
    const std::uint32_t stride = 1 + below(base::mixed(endpoint.hash + kGolden), size - 1);
    std::uint32_t slot = below(base::mixed(endpoint.hash + 2 * kGolden), size);
    // One over the weight, and a beginning within the first such step.
    const std::uint64_t step = (std::uint64_t{1} << 32U) / endpoint.weight;
    const std::uint64_t phase = base::mixed(endpoint.hash + 3 * kGolden) >> 32U;
    std::uint64_t time = (step * phase) >> 32U;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, size); ++i) {
      Claim& held = claims_[slot];
      if (time < held.time || (time == held.time && isBefore(index, held.endpoint))) {
        held = {.time = time, .endpoint = index};
      }
      time += step;
      slot = slot + stride < size ? slot + stride : slot + stride - size;
    }
  }

  /// A slot that nobody claimed belongs to whoever holds the first claimed one of its own order.
  [[nodiscard]] std::vector<std::uint32_t> slots() const {
    const auto size = static_cast<std::uint32_t>(claims_.size());
    std::vector<std::uint32_t> result(size);
    for (std::uint32_t slot = 0; slot < size; ++slot) {
      std::uint32_t from = slot;
      for (std::uint64_t i = 0; claims_[from].endpoint == kNobody; ++i) {
        from = below(base::mixed(slot + (i + 1) * kGolden), size);
      }
      result[slot] = claims_[from].endpoint;
    }
    return result;
  }

 private:
  [[nodiscard]] bool isBefore(std::uint32_t left, std::uint32_t right) const noexcept {
    return right == kNobody || endpoints_[left].hash < endpoints_[right].hash;
  }

  std::span<const Hashed> endpoints_;
  std::vector<Claim> claims_;
};

HashTable buildTable(snapshot::BalancerType type, std::span<const Hashed> endpoints) {
  return type == snapshot::BalancerType::Maglev ? buildMaglev(endpoints) : buildRing(endpoints);
}

}  // namespace

HashTable buildRing(std::span<const Hashed> endpoints) {
  if (endpoints.empty()) {
    return {};
  }
  const std::uint64_t countMin = std::min(kPointsMean * endpoints.size(), kPointsMax / 2);
  const Worth worth(weightSum(endpoints), countMin);
  std::vector<std::uint32_t> places;
  std::vector<std::uint32_t> slots;
  const std::vector<Point> points = sortedPoints(endpoints, worth);
  places.reserve(points.size());
  slots.reserve(points.size());
  for (const Point& point : points) {
    places.push_back(point.place);
    slots.push_back(point.endpoint);
  }
  return HashTable::ofPoints(std::move(places), std::move(slots));
}

HashTable buildMaglev(std::span<const Hashed> endpoints) {
  if (endpoints.empty()) {
    return {};
  }
  const std::uint32_t size = sizeFor(endpoints.size());
  const Worth worth(weightSum(endpoints), kClaimsPerSlot * size);
  Claims claims(endpoints, size);
  for (std::uint32_t index = 0; index < endpoints.size(); ++index) {
    claims.enter(index, worth.of(endpoints[index].weight));
  }
  return HashTable::ofSlots(claims.slots());
}

std::shared_ptr<const HashTables> buildHashTables(const snapshot::Cluster& cluster) {
  const snapshot::BalancerType type = cluster.balancer.type;
  if (!snapshot::needsKey(type)) {
    return nullptr;
  }
  std::vector<Hashed> ownZone;
  std::vector<Hashed> others;
  for (const snapshot::Endpoint& endpoint : cluster.endpoints) {
    const bool own = cluster.zonePreference.has_value() && endpoint.ownZone;
    (own ? ownZone : others)
        .push_back(
            {.hash = base::hashOf(endpoint.address), .weight = std::max(endpoint.weight, 1U)});
  }
  return std::make_shared<const HashTables>(
      HashTables{.table = buildTable(type, others), .ownZone = buildTable(type, ownZone)});
}

}  // namespace weft::upstream
