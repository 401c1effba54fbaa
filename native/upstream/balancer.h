// Balancer: chooses an endpoint for an opaque connection or for a request. One for each cluster and
// worker; used by that worker only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/random.h"
#include "snapshot/cluster.h"
#include "upstream/endpoint_state.h"
#include "upstream/hash_table.h"

namespace weft::upstream {

/// What a choice may depend on.
struct PickContext {
  base::TimePoint now;
  base::Random& random;
  std::span<EndpointState* const> tried;  ///< Not to be picked again.
  std::optional<std::uint64_t> key{};     ///< Equal keys belong together; a hash, spread well.
  bool forRequest = false;                ///< Not for a connection.
};

/// The endpoints of a balancer, which outlive their membership, and for one that needs a key the
/// table made from the same list, which stays as long as the set does.
struct Members {
  std::span<EndpointState* const> endpoints{};
  const HashTable* table = nullptr;
  const HashTable* ownZoneTable = nullptr;  ///< Of the members in the own zone, the other without.
};

/// What is not known to be unavailable.
struct Usable {
  std::uint64_t weight = 0;
  std::uint32_t count = 0;
};

class Balancer {
 public:
  virtual ~Balancer() = default;

  /// Replaces the set. Weights are read here.
  virtual void setMembers(const Members& members) = 0;

  /// An available endpoint that was not tried; when none is available, one that is not available
  /// but was not tried either; null when every endpoint was tried or there is none.
  [[nodiscard]] virtual EndpointState* pick(const PickContext& context) = 0;

  /// loadNow or slowStartFrom of a member has changed, or it has become available before its
  /// time. Others are ignored.
  virtual void loadChanged(EndpointState& endpoint) = 0;

  /// An endpoint that has become unavailable counts until loadChanged() or a pick finds it so.
  [[nodiscard]] virtual Usable usable(base::TimePoint now) = 0;
};

/// The balancer that the configuration asks for, with no endpoints yet.
[[nodiscard]] std::unique_ptr<Balancer> makeBalancer(
    const snapshot::Balancer& settings,
    const std::optional<snapshot::ZonePreference>& zonePreference = {});

}  // namespace weft::upstream
