// The small arguments of the calls: start options, drain options, dump query. Like a snapshot they
// have no defaults. JavaScript thread.
#pragma once

#include "binding/field_reader.h"
#include "engine/drain_options.h"
#include "engine/dump.h"
#include "engine/engine.h"

namespace weft::binding {

[[nodiscard]] engine::EngineOptions readStartOptions(Reading& reading, napi_value value);
[[nodiscard]] engine::DrainOptions readDrainOptions(Reading& reading, napi_value value);
[[nodiscard]] engine::DumpQuery readDumpQuery(Reading& reading, napi_value value);

}  // namespace weft::binding
