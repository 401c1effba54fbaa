// A snapshot object from JavaScript -> snapshot::Snapshot. Same fields in the same order as
// lib/contract/snapshot.ts, and no defaults: whatever is missing, of another type or out of range
// is an error that names its path. JavaScript thread.
#pragma once

#include <cstdint>
#include <memory>

#include "binding/field_reader.h"
#include "binding/node.h"
#include "snapshot/snapshot.h"

namespace weft::binding {

struct SnapshotContext {
  /// The one before, or null. A cluster that has the same id and revision there is taken from it,
  /// unread.
  const snapshot::Snapshot* previous = nullptr;
  std::uint32_t workerCount = 0;
};

/// Null when the reading has failed.
[[nodiscard]] std::shared_ptr<const snapshot::Snapshot> readSnapshot(
    Reading& reading, napi_value value, const SnapshotContext& context);

}  // namespace weft::binding
