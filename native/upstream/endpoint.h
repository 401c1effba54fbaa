// Endpoint: an endpoint in one worker: what was learned of it, its metric runs, and the probe that
// finds out whether it is back. Owned by the cluster runtime.
#pragma once

#include <array>
#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "telemetry/cell_table.h"
#include "upstream/context.h"
#include "upstream/endpoint_state.h"
#include "upstream/limit.h"
#include "upstream/probe.h"

namespace weft::upstream {

class Availability;
struct Endpoint;

/// Probes one endpoint that fails until it answers. Made with its first failure.
class Readmission final : private ProbeOwner {
 public:
  Readmission(Context& context, Availability& availability, Endpoint& endpoint) noexcept;

  Readmission(const Readmission&) = delete;
  Readmission& operator=(const Readmission&) = delete;

  ~Readmission() = default;

  void start(base::Duration delay, base::Duration timeout) noexcept {
    probe_.start(delay, timeout);
  }

  void stop() noexcept { probe_.stop(); }

 private:
  void onProbed(const base::Error* error) noexcept override;

  Availability& availability_;
  Endpoint& endpoint_;
  Probe probe_;
};

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
  Limit connections;
};

}  // namespace weft::upstream
