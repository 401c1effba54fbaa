// The metric memory of all workers as JavaScript sees it: for each worker the slab of cells and the
// directory of runs, as ArrayBuffers over native memory. Each one holds that memory, so it may
// outlive stop(), the handle and the engine. JavaScript thread.
#pragma once

#include "binding/node.h"
#include "engine/engine.h"

namespace weft::binding {

/// An array with one object for each worker; null, with an exception pending, when Node refuses.
[[nodiscard]] napi_value makeMetricsMemory(napi_env env, engine::Engine& engine);

}  // namespace weft::binding
