// Event records: what a worker tells TypeScript about single happenings. A fixed header, then
// numbers, then length-prefixed byte fields; layout in lib/contract/events.ts.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace weft::telemetry {

enum class EventKind : std::uint8_t {
  ConnectionClosed,
  AcceptPaused,
  AcceptResumed,
  EndpointUnavailable,
  EndpointAvailable,
  LimitReached,
  ClusterPanic,
  RequestEnded,
};

inline constexpr std::size_t kEventKindCount = 8;

inline constexpr std::array<std::string_view, kEventKindCount> kEventKindNames = {
    "connectionClosed",  "acceptPaused", "acceptResumed", "endpointUnavailable",
    "endpointAvailable", "limitReached", "clusterPanic",  "requestEnded"};

/// Why an endpoint counts as unavailable.
enum class UnavailableCause : std::uint8_t {
  ConnectFailures,
  EarlyCloses,
  HealthCheck,
  ServerErrors,
  SuccessRate
};

inline constexpr std::size_t kUnavailableCauseCount = 5;

inline constexpr std::array<std::string_view, kUnavailableCauseCount> kUnavailableCauseNames = {
    "connect_failures", "early_closes", "health_check", "server_errors", "success_rate"};

/// One record before it is written. Views only: valid for as long as what they point at.
struct Event {
  EventKind kind;
  std::uint64_t wallUs;
  std::span<const std::uint64_t> numbers;
  std::span<const std::string_view> fields;  ///< At most 8.
};

inline constexpr std::size_t kEventBytesMax = 4096;

/// Writes the record into `out` (at least kEventBytesMax long) and returns its size. Fields that do
/// not fit are cut, from the last one back, and marked.
[[nodiscard]] std::size_t encodeEvent(const Event& event, base::MutableBytes out) noexcept;

}  // namespace weft::telemetry
