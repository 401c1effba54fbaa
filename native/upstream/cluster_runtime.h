// ClusterRuntime: one cluster in one worker: its balancer and what was learned of its endpoints. A
// new snapshot is applied to it, so that endpoints that stay keep what was learned; removed ones
// stay until their last connection has left. Owned and used by one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "snapshot/cluster.h"
#include "telemetry/cells.h"
#include "upstream/availability.h"
#include "upstream/balancer.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_state.h"
#include "upstream/limit.h"
#include "upstream/retry_budget.h"
#include "upstream/shared_cluster.h"

namespace weft::upstream {

/// What is known about the connection or the request that wants an endpoint.
struct PickRequest {
  std::span<const base::EndpointId> tried{};  ///< In vain; they may have left since.
  std::optional<std::uint64_t> key{};         ///< A hash of what its choice depends on.
  bool forRequest = false;
};

class ClusterRuntime {
 public:
  ClusterRuntime(Context& context, std::shared_ptr<const snapshot::Cluster> settings,
                 const SharedCluster& shared);
  ~ClusterRuntime();

  ClusterRuntime(const ClusterRuntime&) = delete;
  ClusterRuntime& operator=(const ClusterRuntime&) = delete;

  /// Adopts new settings of the same cluster, with what workers share of it.
  void apply(std::shared_ptr<const snapshot::Cluster> settings, const SharedCluster& shared);

  /// The cluster has left the configuration: all its endpoints are removed ones.
  void remove();

  /// For good: the worker stops, and neither probes nor idle connections may keep descriptors.
  void stop() noexcept;

  [[nodiscard]] const snapshot::Cluster& settings() const noexcept { return *settings_; }

  /// An endpoint for one more connection, or why there is none. Until released() the connection
  /// counts as the endpoint's, and the endpoint stays.
  [[nodiscard]] base::Result<Endpoint*> acquire(const PickRequest& request,
                                                snapshot::Direction direction);
  void released(Endpoint& endpoint);

  // ---- requests, whose connections outlive them ----

  /// An endpoint for one more request, or why there is none. Until endRequest() the request counts
  /// as load of the endpoint, and the endpoint stays. The cluster stays with a connection only.
  [[nodiscard]] base::Result<Endpoint*> beginRequest(const PickRequest& request,
                                                     snapshot::Direction direction);
  void endRequest(Endpoint& endpoint);

  /// It took so long until the first byte of a response came.
  void responded(Endpoint& endpoint, base::Duration responseTime);

  /// A request came that may be tried again.
  void countRetriable() noexcept;

  /// Whether one may be now; false: the budget for that is used up.
  [[nodiscard]] bool takeRetry() noexcept;

  /// A request to it has got a response that is a success, or is none.
  void requestEnded(Endpoint& endpoint, bool success) {
    availability_.requestEnded(endpoint, success);
  }

  /// One more connection to this endpoint, which is no load by itself; else, which limit stands
  /// against it. Until releaseConnection() the endpoint stays.
  [[nodiscard]] const base::Error* holdConnection(Endpoint& endpoint,
                                                  snapshot::Direction direction);
  void releaseConnection(Endpoint& endpoint);

  /// Whom the balancer chooses, who may not be available and may have no room; null when there is
  /// nothing that was not tried.
  [[nodiscard]] Endpoint* pick(const PickRequest& request);

  /// The same as acquire() without a choice; else, which limit stands against it.
  [[nodiscard]] const base::Error* acquireAt(Endpoint& endpoint, snapshot::Direction direction);

  /// A connection is being made from now on until endConnect(), however many endpoints it tries;
  /// else, which limit stands against it.
  [[nodiscard]] const base::Error* beginConnect();
  void endConnect() noexcept;

  void connected(Endpoint& endpoint, snapshot::Direction direction, base::Duration connectTime);

  /// Too many in a row eject the endpoint.
  void connectFailed(Endpoint& endpoint, snapshot::Direction direction, const base::Error& error);

  /// The endpoint is the first to end a connection that began not longer ago than this, and has
  /// sent nothing: an early close. None: they do not count.
  [[nodiscard]] std::optional<base::Duration> earlyClose() const noexcept {
    const std::optional<snapshot::Ejection>& ejection = settings_->ejection;
    return ejection ? ejection->earlyClose : std::nullopt;
  }

  void closedEarly(Endpoint& endpoint, int sysErrno) {
    availability_.closedEarly(endpoint, sysErrno);
  }

  /// An open connection on which the endpoint has sent something ends.
  void answered(Endpoint& endpoint) { availability_.answered(endpoint); }

  /// Worker 0 has found out something else about the endpoint, which may have left.
  void healthChanged(base::EndpointId id);

  /// There was no usable endpoint for so long that connections are to fail at once.
  [[nodiscard]] bool failsFast() const noexcept { return availability_.failsFast(); }

  [[nodiscard]] bool inPanic() const noexcept { return availability_.inPanic(); }

  /// A connection that was open has closed.
  void countClose(Endpoint& endpoint, snapshot::Direction direction, int sysErrno);

  /// Frees removed endpoints without connections.
  void sweep();

  /// Nothing uses it; it may be destroyed once it was removed.
  [[nodiscard]] bool unused() const noexcept { return connections_.now() == 0; }

  /// An endpoint that left the configuration still has connections.
  [[nodiscard]] bool holdsRemoved() const noexcept { return endpoints_.size() > members_.size(); }

  /// Present endpoints and removed ones that still have connections.
  [[nodiscard]] const std::unordered_map<base::EndpointId, std::unique_ptr<Endpoint>>& endpoints()
      const noexcept {
    return endpoints_;
  }

  /// Metric runs of the endpoint that are in use must not be released.
  [[nodiscard]] bool uses(base::EndpointId id) const noexcept { return endpoints_.contains(id); }

 private:
  [[nodiscard]] base::Result<Endpoint*> acquireAny(const PickRequest& request,
                                                   snapshot::Direction direction);
  [[nodiscard]] const base::Error* refuse(const base::Error& error);
  [[nodiscard]] const base::Error* enterConnection(Endpoint& endpoint,
                                                   snapshot::Direction direction);
  void leave(Endpoint& endpoint);
  void addLoad(Endpoint& endpoint);
  void useCells(Endpoint& endpoint, snapshot::Direction direction);

  Context& context_;
  telemetry::Cells cells_;
  Availability availability_;
  std::shared_ptr<const snapshot::Cluster> settings_;
  std::unique_ptr<Balancer> balancer_;
  std::unordered_map<base::EndpointId, std::unique_ptr<Endpoint>> endpoints_;
  std::vector<EndpointState*> members_;
  Limit connections_;
  Limit pending_;
  RetryBudget retries_;
  bool refusalIsNews_ = true;
};

}  // namespace weft::upstream
