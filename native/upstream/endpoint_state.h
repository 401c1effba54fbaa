// EndpointState: what one worker has learned about one endpoint: its load, latencies, failures. It
// is keyed by the endpoint's id and survives a new snapshot; when its endpoint is removed it stays
// until the last connection has left. Owned by the cluster runtime, used by its worker only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/address.h"
#include "base/clock.h"
#include "base/ids.h"
#include "telemetry/event.h"

namespace weft::upstream {

/// Peak exponentially weighted moving average of a latency: jumps up at once, comes down over
/// `decay`.
class PeakEwma {
 public:
  explicit PeakEwma(base::Duration initial) noexcept
      : valueUs_(static_cast<double>(initial.count())) {}

  void observe(base::Duration sample, base::TimePoint now, base::Duration decay) noexcept;

  /// Microseconds at `now`: an endpoint that nobody uses forgets its peak. The initial value until
  /// there is a sample; with a decay of zero, the last sample.
  [[nodiscard]] double valueUs(base::TimePoint now, base::Duration decay) const noexcept;

  /// False as long as the value is the initial guess.
  [[nodiscard]] bool measured() const noexcept { return measured_; }

 private:
  double valueUs_;
  base::TimePoint updated_{};
  bool measured_ = false;
};

struct EndpointState {
  EndpointState(base::EndpointId endpointId, base::Address endpointAddress,
                base::Duration rttDefault)
      : id(endpointId),
        address(std::move(endpointAddress)),
        connectTime(rttDefault),
        responseTime(rttDefault) {}

  /// Not to be picked while there are others.
  [[nodiscard]] bool excluded() const noexcept { return ejected || unhealthy; }

  [[nodiscard]] bool usable() const noexcept { return !failing && !unhealthy; }

  [[nodiscard]] bool availableAt(base::TimePoint now) const noexcept {
    return now >= unavailableUntil;
  }

  /// What was measured before it was away says nothing about what it is now.
  void comeBack(base::TimePoint now, base::Duration rttDefault) noexcept {
    slowStartFrom = now;
    connectTime = PeakEwma(rttDefault);
    responseTime = PeakEwma(rttDefault);
  }

  base::EndpointId id;
  std::uint32_t weight = 1;
  base::Address address;
  PeakEwma connectTime;
  PeakEwma responseTime;  ///< From a request to the first byte of its response.
  base::TimePoint unavailableUntil{};
  base::TimePoint fullUntil{};         ///< It had no room; zero when it has, as far as known.
  std::uint32_t connectionsNow = 0;    ///< Connecting and open, also those without work.
  std::uint32_t loadNow = 0;           ///< Opaque connections and requests under way.
  std::uint32_t failureCount = 0;      ///< Connect failures in a row.
  std::uint32_t earlyCloseCount = 0;   ///< Early closes in a row.
  std::uint32_t serverErrorCount = 0;  ///< Server errors and lost responses in a row.
  std::uint32_t windowRequests = 0;    ///< Since windowFrom, as the next.
  std::uint32_t windowFailures = 0;
  base::TimePoint windowFrom{};
  std::uint32_t backoffCount = 0;  ///< Ejections and probes in vain since it was good for long.
  base::TimePoint readmittedAt{};
  telemetry::UnavailableCause cause{};  ///< Of an endpoint that fails.
  bool failing = false;                 ///< It failed too often; probes find out when it is back.
  bool unhealthy = false;               ///< Health checks say so.
  bool ejected = false;                 ///< It fails and the share of ejected ones allowed it.
  base::TimePoint slowStartFrom{};      ///< When it was new or came back; zero when long since.
  bool ownZone = false;                 ///< In the zone of this proxy.
  bool removed = false;                 ///< No longer in the configuration.
  std::uint32_t balancerIndex = 0;      ///< For the balancer's own use.
};

}  // namespace weft::upstream
