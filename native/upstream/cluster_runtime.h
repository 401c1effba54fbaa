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
#include "snapshot/cluster.h"
#include "upstream/availability.h"
#include "upstream/balancer.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/endpoint_state.h"

namespace weft::upstream {

/// What is known about the connection that wants an endpoint.
struct PickRequest {
  std::span<EndpointState* const> tried{};  ///< By this connection, in vain.
  std::optional<std::uint64_t> key{};       ///< A hash of what its choice depends on.
};

class ClusterRuntime {
 public:
  ClusterRuntime(Context& context, std::shared_ptr<const snapshot::Cluster> settings);
  ~ClusterRuntime();

  ClusterRuntime(const ClusterRuntime&) = delete;
  ClusterRuntime& operator=(const ClusterRuntime&) = delete;

  /// Adopts new settings of the same cluster.
  void apply(std::shared_ptr<const snapshot::Cluster> settings);

  /// The cluster has left the configuration: all its endpoints are removed ones.
  void remove();

  [[nodiscard]] const snapshot::Cluster& settings() const noexcept { return *settings_; }

  /// Null when there is nothing that was not tried.
  [[nodiscard]] Endpoint* pick(const PickRequest& request);

  /// From pick to released() a connection counts as the endpoint's, and the endpoint stays.
  void acquired(Endpoint& endpoint, snapshot::Direction direction);
  void released(Endpoint& endpoint);

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

  /// There was no usable endpoint for so long that connections are to fail at once; counted.
  [[nodiscard]] bool failsFast() noexcept;

  [[nodiscard]] bool inPanic() const noexcept { return availability_.inPanic(); }

  /// A connection that was open has closed.
  void countClose(Endpoint& endpoint, snapshot::Direction direction, int sysErrno);

  /// Frees removed endpoints without connections.
  void sweep();

  /// No connection uses it; it may be destroyed once it was removed.
  [[nodiscard]] bool unused() const noexcept { return connectionsNow_ == 0; }

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
  Context& context_;
  Availability availability_;
  std::shared_ptr<const snapshot::Cluster> settings_;
  std::unique_ptr<Balancer> balancer_;
  std::unordered_map<base::EndpointId, std::unique_ptr<Endpoint>> endpoints_;
  std::vector<EndpointState*> members_;
  std::uint32_t connectionsNow_ = 0;
};

}  // namespace weft::upstream
