// Connector: makes one connection to a cluster: picks an endpoint, connects with a deadline, opens
// the transport, and tries another endpoint when that fails. Lives only while it connects. Owned by
// the session that wants the connection; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "os/loop.h"
#include "os/poller.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "transport/transport.h"
#include "upstream/cluster_runtime.h"
#include "upstream/context.h"

namespace weft::upstream {

/// An open upstream connection. The receiver calls cluster.released(endpoint) when it ends.
struct Connected {
  transport::TransportPtr transport;
  Endpoint* endpoint = nullptr;
  base::Duration connectTime{};
  std::uint32_t attemptCount = 0;

  [[nodiscard]] std::uint32_t connectUs() const noexcept {
    return static_cast<std::uint32_t>(std::min<std::int64_t>(connectTime.count(), UINT32_MAX));
  }
};

class ConnectorOwner {
 public:
  /// The connector may be destroyed in either call.
  virtual void onConnected(Connected connected) noexcept = 0;
  virtual void onConnectFailed(const base::Error& error, std::uint32_t attemptCount) noexcept = 0;

  /// Writes the header of the PROXY protocol that goes before everything else; returns its size.
  [[nodiscard]] virtual std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                                     base::MutableBytes into) noexcept = 0;

 protected:
  ~ConnectorOwner() = default;
};

class Connector final : private os::Timer {
 public:
  static constexpr std::uint32_t kAttemptsMax = 8;

  /// The descriptor is registered for `pollable`, which passes readiness on to onReady() until the
  /// connector has answered; so the registration is never changed.
  Connector(Context& context, ClusterRuntime& cluster, snapshot::Direction direction,
            os::Pollable& pollable, ConnectorOwner& owner) noexcept
      : context_(context),
        cluster_(cluster),
        pollable_(&pollable),
        owner_(&owner),
        direction_(direction) {}

  ~Connector();

  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// Where to connect, in place of the endpoint's address. It outlives the connector.
  void setTarget(const base::Address* target) noexcept { target_ = target; }

  /// Answers the owner in this call or later. The key is a hash of what the choice of an endpoint
  /// depends on, where it depends on something.
  void start(std::optional<std::uint64_t> key = {}) noexcept;

  /// The same with one attempt at this endpoint, whose connection is no load by itself. `again`:
  /// for a request that has failed to get a connection before. REQUIRES: reserved.
  void startAt(Endpoint& endpoint, bool again) noexcept;

  void onReady(os::Ready ready) noexcept;

  /// From now on the answer goes to `owner`, and readiness to `pollable`. REQUIRES: start() has
  /// returned without an answer.
  void handOver(os::Pollable& pollable, ConnectorOwner& owner) noexcept;

  /// The endpoint of the present attempt; null between attempts.
  [[nodiscard]] const Endpoint* endpoint() const noexcept { return endpoint_; }

 private:
  void onTimer() noexcept override;

  /// True when an attempt is under way; false with the reason in `lastError_`.
  [[nodiscard]] bool tryEndpoint(Endpoint& endpoint) noexcept;
  void tryNext() noexcept;
  void release(Endpoint& endpoint) noexcept;
  void giveUp(const base::Error& error) noexcept;
  void endConnect() noexcept;
  void attemptFailed(const base::Error& error) noexcept;
  void endAttempt(const base::Error& error) noexcept;
  void openTransport() noexcept;
  /// Null when it is sent.
  [[nodiscard]] const base::Error* sendProxyHeader(snapshot::ProxyVersion version) noexcept;
  void succeed() noexcept;

  Context& context_;
  ClusterRuntime& cluster_;
  os::Pollable* pollable_;
  ConnectorOwner* owner_;
  transport::TransportPtr transport_;
  Endpoint* endpoint_ = nullptr;
  const base::Address* target_ = nullptr;
  base::TimePoint started_{};
  base::Error lastError_{};
  std::array<base::EndpointId, kAttemptsMax> tried_{};
  std::optional<std::uint64_t> key_;
  std::uint32_t attemptCount_ = 0;
  snapshot::Direction direction_;
  bool pending_ = false;  ///< Counts as one that the cluster's pendingMax is for.
  bool connected_ = false;
  bool forRequest_ = false;
  bool again_ = false;
};

}  // namespace weft::upstream
