// Availability: which endpoints of one cluster may be picked, in one worker. Ejects what failed too
// often, at most a share of the cluster; lets it back in when a probe of our own was answered;
// keeps out what health checks found unhealthy; in a panic, when too few are left, everything may
// be picked; and says when a cluster has been without a usable endpoint for so long that
// connections fail at once. Owned by the cluster runtime.
#pragma once

#include <cstdint>
#include <span>

#include "base/clock.h"
#include "base/error.h"
#include "snapshot/cluster.h"
#include "telemetry/cell_table.h"
#include "upstream/balancer.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"

namespace weft::upstream {

struct FailureCause;

class Availability {
 public:
  Availability(Context& context, telemetry::Cells cells) noexcept
      : context_(context), cells_(cells) {}

  Availability(const Availability&) = delete;
  Availability& operator=(const Availability&) = delete;

  /// New settings and members; both outlive their use here. Before the balancer gets the members.
  void apply(const snapshot::Cluster& settings, std::span<EndpointState* const> members,
             Balancer& balancer);

  /// It has no room for one more connection until then; the zero time: it has.
  void setFull(EndpointState& endpoint, base::TimePoint until);

  /// The endpoint has left the cluster: it is not probed any more.
  void removed(Endpoint& endpoint);

  // ---- what connections found out ----

  void connected(Endpoint& endpoint);
  /// REQUIRES: the endpoint is at fault.
  void connectFailed(Endpoint& endpoint, const base::Error& error);

  /// It ended a connection soon after it was made and had sent nothing.
  void closedEarly(Endpoint& endpoint, int sysErrno);

  /// A request to it has got a response, or was to get one: a status of the server's own making is
  /// a failure, and so is none.
  void requestEnded(Endpoint& endpoint, bool success);

  /// It has sent something on a connection that has ended.
  void answered(Endpoint& endpoint);

  void picked(const EndpointState& endpoint) noexcept {
    if (endpoint.excluded()) {
      cells_.add(telemetry::ClusterCell::kExcludedPicks, 1);
    }
  }

  // ---- what health checks found out ----

  /// Of one of this worker: the endpoint is unhealthy from now on; null: healthy. It is asked
  /// again.
  void checked(Endpoint& endpoint, const base::Error* error, base::Duration again);

  void countCheck(bool success) noexcept;

  /// What all workers share says something else than before.
  void adoptHealth(Endpoint& endpoint);

  // ---- for connectors ----

  /// There was no usable endpoint for failFastAfter.
  [[nodiscard]] bool failsFast() const noexcept;

  [[nodiscard]] bool inPanic() const noexcept { return panic_; }

 private:
  friend class Readmission;

  void fail(Endpoint& endpoint, const snapshot::Ejection& ejection, const FailureCause& cause);
  void eject(Endpoint& endpoint);
  void readmit(Endpoint& endpoint);
  void checkSuccessRate(Endpoint& endpoint, const snapshot::Ejection& ejection,
                        std::uint32_t percentMin);
  void forgetFailures(Endpoint& endpoint);
  void updateChecks(Endpoint& endpoint);
  void stopCheck(Endpoint& endpoint);
  void setUnhealthy(Endpoint& endpoint, bool unhealthy);
  void probed(Endpoint& endpoint, const base::Error* error);
  void probeLater(Endpoint& endpoint);
  template <typename Change>
  void change(Endpoint& endpoint, Change how);
  void recount();
  void update();
  void setPanic(bool panic);
  void exclude(EndpointState& endpoint);
  [[nodiscard]] std::uint32_t ejectedMax() const noexcept;
  [[nodiscard]] base::Duration backoffOf(const Endpoint& endpoint,
                                         const snapshot::Ejection& ejection);
  void show(Endpoint& endpoint) noexcept;

  Context& context_;
  telemetry::Cells cells_;
  const snapshot::Cluster* settings_ = nullptr;
  Balancer* balancer_ = nullptr;
  std::span<EndpointState* const> members_;
  base::TimePoint unusableSince_{};
  std::uint32_t ejectedNow_ = 0;
  std::uint32_t excludedNow_ = 0;
  std::uint32_t usableNow_ = 0;
  std::uint32_t unhealthyNow_ = 0;
  bool panic_ = false;
};

}  // namespace weft::upstream
