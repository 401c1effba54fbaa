// Snapshot: the whole immutable configuration that workers run on. Built once by the binding,
// shared by all workers, replaced and never edited; the last holder frees it. Same fields and order
// as lib/contract/snapshot.ts.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "snapshot/cluster.h"
#include "snapshot/listener.h"

namespace weft::proxy {
class Destinations;
}

namespace weft::snapshot {

/// Of the whole process; workers share them out, at least one each.
struct Limits {
  std::uint32_t connectionsMax = 0;
  std::uint32_t requestsMax = 0;  ///< Under way.
  std::uint32_t mirrorsMax = 0;   ///< The same of copies of requests.
  std::uint64_t bufferedBytesMax = 0;
  std::uint32_t pipeCountMax = 0;
  std::uint32_t pipeBytes = 0;
};

/// A metric run that TypeScript has let go of.
struct ReleasedRun {
  std::uint32_t worker = 0;
  std::uint32_t run = 0;
  std::uint32_t generation = 0;
};

struct Snapshot {
  std::uint64_t revision = 0;
  base::Duration drainTimeout{};
  Limits limits;
  std::vector<std::shared_ptr<const Listener>> listeners;
  std::vector<std::shared_ptr<const Cluster>> clusters;
  std::vector<ReleasedRun> releasedRuns;
  std::shared_ptr<const proxy::Destinations> destinations{};  ///< Made of the lists above.
};

}  // namespace weft::snapshot
