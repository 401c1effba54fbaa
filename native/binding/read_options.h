// The small arguments of the calls: start options, drain options, dump query. Like a snapshot they
// have no defaults. JavaScript thread.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "binding/field_reader.h"
#include "engine/engine.h"

namespace weft::binding {

struct DrainOptions {
  base::Duration deadline{};
  engine::DrainListeners listeners{};
};

struct DumpQuery {
  engine::DumpKind kind{};
  std::uint32_t countMax = 0;
};

[[nodiscard]] engine::EngineOptions readStartOptions(Reading& reading, napi_value value);
[[nodiscard]] DrainOptions readDrainOptions(Reading& reading, napi_value value);
[[nodiscard]] DumpQuery readDumpQuery(Reading& reading, napi_value value);

}  // namespace weft::binding
