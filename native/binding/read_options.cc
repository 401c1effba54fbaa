#include "binding/read_options.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <js_native_api_types.h>

#include "base/ids.h"
#include "binding/field_reader.h"
#include "binding/words.h"
#include "engine/drain_options.h"
#include "engine/dump.h"
#include "engine/engine.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"
#include "telemetry/event.h"

namespace weft::binding {

namespace {

constexpr Range kWorkerCountRange{.min = 1, .max = 256};
constexpr Range kEventRingRange{.min = 2 * telemetry::kEventBytesMax,
                                .max = std::uint64_t{1} << 30U};
constexpr std::uint64_t kCellCountMax = std::uint64_t{1} << 28U;
constexpr Range kRunCountRange{.min = telemetry::kRunKindCount, .max = std::uint64_t{1} << 24U};
// 24 days, the most that a timer of Node can wait as well.
constexpr Range kDeadlineRange{.min = 0, .max = INT32_MAX};
constexpr Range kIdRange{.min = 0, .max = UINT32_MAX};
constexpr Range kDumpCountRange{.min = 1, .max = 1'000'000};

std::size_t readRingBytes(const Field& field) {
  const std::uint64_t bytes = field.integer(kEventRingRange);
  if (!std::has_single_bit(bytes)) {
    field.fail("expected a power of two, got " + std::to_string(bytes));
  }
  return bytes;
}

template <typename Id>
std::optional<std::vector<Id>> readIds(const Field& field) {
  return field.orNull([](const Field& present) {
    std::vector<Id> ids(present.length());
    for (std::uint32_t i = 0; i < ids.size(); ++i) {
      ids[i] = Id{present.at(i).number<std::uint32_t>(kIdRange)};
    }
    return ids;
  });
}

engine::ConnectionFilter readConnectionFilter(const Field& root) {
  return {
      .listenerIds = readIds<base::ListenerId>(root.at("listenerIds")),
      .clusterIds = readIds<base::ClusterId>(root.at("clusterIds")),
      .state = root.at("state").orNull([](const Field& present) {
        return present.word<engine::ConnectionState>(kConnectionStateWords);
      }),
      .protocol = root.at("protocol").orNull([](const Field& present) {
        return present.word<snapshot::Protocol>(kProtocolWords);
      }),
      .ageMsMin = root.at("ageMsMin").integer(Range{}),
      .address = root.at("address").orNull([](const Field& present) { return present.text(); })};
}

}  // namespace

engine::EngineOptions readStartOptions(Reading& reading, napi_value value) {
  const Field root(reading, value);
  const Range cellCountRange{.min = telemetry::CellTable::cellCountMin(), .max = kCellCountMax};
  return {.workerCount = root.at("workerCount").number<std::uint32_t>(kWorkerCountRange),
          .eventRingBytes = readRingBytes(root.at("eventRingBytes")),
          .cellCount = root.at("cellCount").integer(cellCountRange),
          .runCount = root.at("runCount").integer(kRunCountRange)};
}

engine::DrainOptions readDrainOptions(Reading& reading, napi_value value) {
  const Field root(reading, value);
  return {.deadline = root.at("deadlineMs").duration(kDeadlineRange),
          .listeners = root.at("listeners").word<engine::DrainListeners>(kDrainListenerWords),
          .scope = root.at("scope").word<engine::DrainScope>(kDrainScopeWords)};
}

engine::DumpQuery readDumpQuery(Reading& reading, napi_value value) {
  const Field root(reading, value);
  engine::DumpQuery query{.kind = root.at("type").word<engine::DumpKind>(kDumpWords),
                          .countMax = root.at("countMax").number<std::uint32_t>(kDumpCountRange),
                          .filter = {}};
  if (query.kind == engine::DumpKind::Connections) {
    query.filter = readConnectionFilter(root);
  }
  return query;
}

}  // namespace weft::binding
