// HealthCheck: asks one endpoint at intervals, by a connect or a request of the proxy's own,
// whether it may be picked, and says so when enough answers in a row agree. Runs in worker 0, so
// that an endpoint is asked once and not by each worker; HealthPeers tells the others.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "snapshot/cluster.h"
#include "upstream/probe.h"

namespace weft::upstream {

class Availability;
struct Context;
struct Endpoint;

/// How the checking worker reaches the others.
class HealthPeers {
 public:
  /// The health of an endpoint has changed: they look at what they share.
  virtual void healthChanged(base::ClusterId cluster, base::EndpointId endpoint) noexcept = 0;

 protected:
  ~HealthPeers() = default;
};

class HealthCheck final : private ProbeOwner {
 public:
  HealthCheck(Context& context, Availability& availability, Endpoint& endpoint) noexcept;

  HealthCheck(const HealthCheck&) = delete;
  HealthCheck& operator=(const HealthCheck&) = delete;

  ~HealthCheck() = default;

  /// Begins, or goes on with other settings. The first check comes within a second, so that many
  /// endpoints are not asked in one moment.
  void apply(const snapshot::HealthCheck& settings) noexcept;

 private:
  void onProbed(const base::Error* error) noexcept override;
  [[nodiscard]] std::string question() const;
  [[nodiscard]] base::Duration jittered() const noexcept;

  Context& context_;
  Availability& availability_;
  Endpoint& endpoint_;
  Probe probe_;
  snapshot::HealthCheck settings_;
  std::uint32_t failureCount_ = 0;  ///< In a row, as the next.
  std::uint32_t successCount_ = 0;
};

}  // namespace weft::upstream
