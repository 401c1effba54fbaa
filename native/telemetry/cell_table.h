// CellTable: gives out runs of cells to label combinations that a worker meets at run time, and
// writes in a directory what each run means. Both memories are handed in by the owner (the engine)
// and read by TypeScript without a call; layout in lib/contract/metrics.ts. Bounded: when cells or
// slots run out, the caller gets the overflow run of its kind, which counts like any other. Owned
// and used by one worker.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "telemetry/cells.h"
#include "telemetry/close_reason.h"
#include "telemetry/latency.h"

namespace weft::telemetry {

enum class RunKind : std::uint16_t {
  Overflow,
  ListenerTcp,
  EndpointTcp,
  CloseErrno,
  Cluster,
  HttpRequest,
  HttpResponse
};

inline constexpr std::size_t kRunKindCount = 7;

inline constexpr std::array<std::string_view, kRunKindCount> kRunKindNames = {
    "overflow", "listenerTcp", "endpointTcp", "closeErrno",
    "cluster",  "httpRequest", "httpResponse"};

/// Cell indexes within a ListenerTcp run.
struct ListenerTcpCell {
  static constexpr std::size_t kOpens = 0;
  static constexpr std::size_t kOpenNow = 1;
  static constexpr std::size_t kReadBytes = 2;
  static constexpr std::size_t kWriteBytes = 3;
  static constexpr std::size_t kProtocols = 4;  ///< One cell for each protocol that can be known.
  static constexpr std::size_t kProtocolCount = 5;
  static constexpr std::size_t kCloses = kProtocols + kProtocolCount;   ///< As many as reasons.
  static constexpr std::size_t kReplies = kCloses + kCloseReasonCount;  ///< The same.
  static constexpr std::size_t kCount = kReplies + kCloseReasonCount;
};

/// Cell indexes within an EndpointTcp run.
struct EndpointTcpCell {
  static constexpr std::size_t kOpens = 0;
  static constexpr std::size_t kOpenNow = 1;
  static constexpr std::size_t kReadBytes = 2;
  static constexpr std::size_t kWriteBytes = 3;
  static constexpr std::size_t kConnectFailures = 4;
  static constexpr std::size_t kConnectCount = 5;
  static constexpr std::size_t kConnectUsSum = 6;
  static constexpr std::size_t kUnavailableNow = 7;
  static constexpr std::size_t kCount = 8;
};

/// Cell indexes within a CloseErrno run.
struct CloseErrnoCell {
  static constexpr std::size_t kCloses = 0;
  static constexpr std::size_t kCount = 1;
};

/// Cell indexes within a Cluster run.
struct ClusterCell {
  static constexpr std::size_t kEjectionsByFailures = 0;
  static constexpr std::size_t kEjectionsByEarlyCloses = 1;
  static constexpr std::size_t kEjectionsDenied = 2;
  static constexpr std::size_t kEjectedNow = 3;
  static constexpr std::size_t kPanicNow = 4;
  static constexpr std::size_t kExcludedPicks = 5;
  static constexpr std::size_t kProbes = 6;
  static constexpr std::size_t kProbeFailures = 7;
  static constexpr std::size_t kFailedFast = 8;
  static constexpr std::size_t kConnectionsRefused = 9;
  static constexpr std::size_t kPendingRefused = 10;
  static constexpr std::size_t kEndpointsRefused = 11;
  static constexpr std::size_t kPendingNow = 12;
  static constexpr std::size_t kHealthChecks = 13;
  static constexpr std::size_t kHealthCheckFailures = 14;
  static constexpr std::size_t kUnhealthyNow = 15;
  static constexpr std::size_t kEjectionsByServerErrors = 16;
  static constexpr std::size_t kEjectionsBySuccessRate = 17;
  static constexpr std::size_t kQueued = 18;     ///< Requests that waited for a connection.
  static constexpr std::size_t kQueuedNow = 19;  ///< Those that wait.
  static constexpr std::size_t kMirrors = 20;    ///< Copies of requests; one for each result.
  static constexpr std::size_t kCount = 23;
};

/// Cell indexes within an HttpRequest run: of an endpoint, or of those that got none.
struct HttpRequestCell {
  static constexpr std::size_t kRequests = 0;
  static constexpr std::size_t kReplays = 1;        ///< Sent again on another connection.
  static constexpr std::size_t kRetries = 2;        ///< Tried again as its route says.
  static constexpr std::size_t kRetriesDenied = 3;  ///< Not, as the budget was used up.
  static constexpr std::size_t kCount = 4;
};

/// Cell indexes within an HttpResponse run: of an endpoint, or of none, and a status.
struct HttpResponseCell {
  static constexpr std::size_t kSuccesses = 0;
  static constexpr std::size_t kFailures = 1;
  static constexpr std::size_t kLatencyUsSum = 2;
  static constexpr std::size_t kRequestBytes = 3;   ///< Of bodies.
  static constexpr std::size_t kResponseBytes = 4;  ///< The same.
  static constexpr std::size_t kLatencies = 5;      ///< As many as buckets.
  static constexpr std::size_t kCount = kLatencies + kLatencyBucketCount;
};

[[nodiscard]] std::size_t runCellCount(RunKind kind) noexcept;

/// What a run is for. Unused ids are zero.
struct RunKey {
  static constexpr std::size_t kIdCount = 5;

  RunKind kind = RunKind::Overflow;
  std::array<std::uint32_t, kIdCount> ids{};

  friend bool operator==(const RunKey&, const RunKey&) = default;
};

struct RunKeyHash {
  std::size_t operator()(const RunKey& key) const noexcept;
};

/// A directory slot in memory; lib/contract/metrics.ts has the offsets.
struct DirectorySlot {
  static constexpr std::size_t kTextBytesMax = 94;

  std::uint32_t generation;
  std::uint16_t kind;
  std::uint16_t cellCount;
  std::uint32_t firstCell;
  std::array<std::uint32_t, RunKey::kIdCount> ids;
  std::uint16_t textLength;
  std::array<char, kTextBytesMax> text;
};

static_assert(sizeof(DirectorySlot) == 128);

class CellTable {
 public:
  /// REQUIRES: both memories are zero, outlive the table, and have room for the worker's own cells
  /// and one overflow run of each kind.
  CellTable(std::span<std::uint64_t> cells, std::span<DirectorySlot> directory);

  /// Cells that the worker's own ones and the overflow runs take.
  [[nodiscard]] static std::size_t cellCountMin() noexcept;

  [[nodiscard]] WorkerCells worker() noexcept { return worker_; }

  /// The run of this key: the one that it has, a new one, or the overflow run of its kind.
  /// Allocates only when the key is new.
  [[nodiscard]] Cells run(const RunKey& key);

  /// Frees a run whose owner in TypeScript has let go of it. False, and nothing happens, when the
  /// generation is not the present one. REQUIRES: nobody in the worker still writes to that run.
  bool release(std::uint32_t slot, std::uint32_t generation);

  /// The key of a live slot; kind Overflow when the slot is free, unknown or an overflow run.
  [[nodiscard]] RunKey keyOf(std::uint32_t slot) const;

 private:
  struct Place {
    std::uint32_t slot = 0;
    std::uint32_t firstCell = 0;
    std::uint32_t cellCount = 0;
  };

  /// Requests ask for the same few runs again and again: a look here spares the hash and the walk
  /// of the map. Of kind Overflow when free.
  struct Recent {
    RunKey key;
    Place place;
  };

  static constexpr std::size_t kRecentCount = 64;

  [[nodiscard]] Recent& recentOf(const RunKey& key) noexcept;
  [[nodiscard]] Cells cellsOf(const Place& place) const noexcept;
  [[nodiscard]] bool take(RunKind kind, Place& place);
  void announce(const RunKey& key, const Place& place);

  std::span<std::uint64_t> cells_;
  std::span<DirectorySlot> directory_;
  WorkerCells worker_;
  std::array<Place, kRunKindCount> overflow_{};
  std::unordered_map<RunKey, Place, RunKeyHash> places_;
  std::array<Recent, kRecentCount> recent_{};
  std::array<std::vector<std::uint32_t>, kRunKindCount> freeFirstCells_;
  std::vector<std::uint32_t> freeSlots_;
  std::uint32_t cellsUsed_ = 0;
  std::uint32_t slotsUsed_ = 0;
};

}  // namespace weft::telemetry
