// Balancer: chooses an endpoint for a connection. One for each cluster and worker; used by that
// worker only.
#pragma once

#include <memory>
#include <span>

#include "base/clock.h"
#include "base/random.h"
#include "snapshot/cluster.h"
#include "upstream/endpoint_state.h"

namespace weft::upstream {

/// What a choice may depend on.
struct PickContext {
  base::TimePoint now;
  base::Random& random;
  std::span<EndpointState* const> tried;  ///< Not to be picked again for this connection.
};

class Balancer {
 public:
  virtual ~Balancer() = default;

  /// Replaces the set. The states outlive their membership. Weights are read here.
  virtual void setEndpoints(std::span<EndpointState* const> endpoints) = 0;

  /// An available endpoint that was not tried; when none is available, one that is not available
  /// but was not tried either; null when every endpoint was tried or there is none.
  [[nodiscard]] virtual EndpointState* pick(const PickContext& context) = 0;

  /// connectionsNow of a member has changed, or it has become available before its time. Others are
  /// ignored.
  virtual void loadChanged(EndpointState& endpoint) = 0;
};

/// The balancer that the configuration asks for, with no endpoints yet.
[[nodiscard]] std::unique_ptr<Balancer> makeBalancer(const snapshot::Balancer& settings);

}  // namespace weft::upstream
