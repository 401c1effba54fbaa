// ClusterRuntime: one cluster in one worker: its balancer and what was learned of its endpoints. A
// new snapshot is applied to it, so that endpoints that stay keep what was learned; removed ones
// stay until their last connection has left. Owned and used by one worker.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
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
#include "upstream/wait_queue.h"

namespace weft::upstream {

/// What is known about the connection or the request that wants an endpoint.
struct PickRequest {
  std::span<const base::EndpointId> tried{};  ///< In vain; they may have left since.
  std::optional<std::uint64_t> key{};         ///< A hash of what its choice depends on.
  bool forRequest = false;
};

/// How a copy of a request went.
enum class MirrorResult : std::uint8_t {
  Success,
  Failure,  ///< No response, or one of a server's failure.
  Skipped,  ///< Nothing was sent: too long, too many, or the rest of it did not come.
};

class ClusterRuntime final : private WaitQueue::Owner {
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

  /// There is one more request for the cluster, which stays until removeRequest(), also while the
  /// request has neither connection nor endpoint.
  void addRequest() noexcept { ++requestCount_; }

  void removeRequest() noexcept { --requestCount_; }

  /// An endpoint for one more request, or why there is none. Until endRequest() the request counts
  /// as load of the endpoint, and the endpoint stays. REQUIRES: addRequest().
  [[nodiscard]] base::Result<Endpoint*> beginRequest(const PickRequest& request,
                                                     snapshot::Direction direction);
  void endRequest(Endpoint& endpoint);

  /// The same without a choice.
  void beginRequestAt(Endpoint& endpoint, snapshot::Direction direction);

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

  // ---- their connections ----

  /// One more connection to this endpoint may be made, which is no load by itself; else, which
  /// limit stands against it. Until releaseConnection() the endpoint stays, and until endConnect()
  /// the connection counts as being made.
  [[nodiscard]] const base::Error* reserve(Endpoint& endpoint, snapshot::Direction direction);
  void unreserve(Endpoint& endpoint);
  void releaseConnection(Endpoint& endpoint);

  /// An idle connection is closed for a new one to this endpoint. False: there is none that helps.
  [[nodiscard]] bool makeRoom(base::ErrorCode limit, Endpoint& endpoint);

  /// It has no room for a while, unless a connection of this worker leaves it.
  void countFull(Endpoint& endpoint);

  /// An available endpoint with an idle connection; null when none is found.
  [[nodiscard]] Endpoint* withIdle();

  /// A connection has left the endpoint, or waits in its pool: somebody may have it.
  void roomMade(Endpoint& endpoint);

  /// Whether the next connection that becomes idle is to be closed for another worker's request.
  [[nodiscard]] bool givesAway() noexcept;

  /// Another worker's requests wait for a connection.
  void giveConnection();

  /// Whether others wait for a connection, behind whom one that comes now has to queue.
  [[nodiscard]] bool queues() const noexcept { return queue_.count() > 0; }

  /// What the last of them waits for. REQUIRES: queues().
  [[nodiscard]] const base::Error& queuesFor() const noexcept { return queue_.why(); }

  /// Until dequeue(). False when too many wait. `why`: which limit.
  [[nodiscard]] bool enqueue(Waiter& waiter, const base::Error& why);
  void dequeue(Waiter& waiter);

  /// Counts what a limit has refused for good; tells once for each time that one is reached. The
  /// same error.
  const base::Error* refuse(const base::Error& error);

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

  /// A copy of a request is over.
  void countMirror(MirrorResult result) noexcept {
    cells_.add(telemetry::ClusterCell::kMirrors + static_cast<std::size_t>(result), 1);
  }

  /// A connection that was open has closed.
  void countClose(Endpoint& endpoint, snapshot::Direction direction, int sysErrno);

  /// Frees removed endpoints without connections.
  void sweep();

  /// Nothing uses it; it may be destroyed once it was removed.
  [[nodiscard]] bool unused() const noexcept {
    return connections_.now() == 0 && requestCount_ == 0;
  }

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
  void onStillWaiting() noexcept override;
  bool closeIdleOf(Endpoint& endpoint);
  [[nodiscard]] const base::Error* enterConnection(Endpoint& endpoint,
                                                   snapshot::Direction direction);
  void leave(Endpoint& endpoint);
  void addLoad(Endpoint& endpoint);
  void useCells(Endpoint& endpoint, snapshot::Direction direction);

  /// An endpoint without room is not asked again for so long, unless a connection of this worker
  /// leaves it: other workers do not tell.
  static constexpr base::Duration kFullFor = std::chrono::milliseconds(10);

  /// Endpoints that are asked when the balancer has none.
  static constexpr std::size_t kAskedMax = 64;

  /// Goes through members from one by chance on, as long as `ask` says true.
  template <typename Ask>
  void askSome(Ask ask) {
    const std::size_t start =
        members_.empty() ? 0 : context_.random.below(static_cast<std::uint32_t>(members_.size()));
    const std::size_t count = std::min(members_.size(), kAskedMax);
    for (std::size_t i = 0; i < count; ++i) {
      if (!ask(static_cast<Endpoint&>(*members_[(start + i) % members_.size()]))) {
        return;
      }
    }
  }

  Context& context_;
  WaitQueue queue_;
  telemetry::Cells cells_;
  Availability availability_;
  std::shared_ptr<const snapshot::Cluster> settings_;
  std::unique_ptr<Balancer> balancer_;
  std::unordered_map<base::EndpointId, std::unique_ptr<Endpoint>> endpoints_;
  std::vector<EndpointState*> members_;
  Limit connections_;
  Limit pending_;
  RetryBudget retries_;
  std::uint32_t requestCount_ = 0;
  base::TimePoint givesUntil_{};
  bool refusalIsNews_ = true;
};

}  // namespace weft::upstream
