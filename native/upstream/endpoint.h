// Endpoint: an endpoint in one worker: what was learned of it, its metric runs, and the probe that
// finds out whether it is back. Owned by the cluster runtime.
#pragma once

#include <array>
#include <memory>

#include "base/clock.h"
#include "telemetry/cell_table.h"
#include "upstream/endpoint_state.h"
#include "upstream/health_check.h"
#include "upstream/limit.h"
#include "upstream/readmission.h"
#include "upstream/shared_cluster.h"

namespace weft::upstream {

class EndpointPool;

struct Endpoint final : EndpointState {
  using EndpointState::EndpointState;

  /// It left the configuration at that time or before.
  [[nodiscard]] bool removedBy(base::TimePoint time) const noexcept {
    return removed && removedAt != base::TimePoint{} && removedAt <= time;
  }

  base::TimePoint removedAt{};
  std::array<telemetry::Cells, 2> cells;        ///< EndpointTcp, by direction.
  std::array<telemetry::Cells, 2> cleanCloses;  ///< CloseErrno of errno 0, by direction.
  std::unique_ptr<Readmission> readmission;
  std::unique_ptr<HealthCheck> healthCheck;  ///< In the worker that checks.
  std::shared_ptr<SharedEndpoint> shared;    ///< Null without limit and check.
  std::shared_ptr<EndpointPool> pool;        ///< Once there was an HTTP connection.
  Limit connections;
};

}  // namespace weft::upstream
