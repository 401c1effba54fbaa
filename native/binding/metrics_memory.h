// The metric memory of all workers as JavaScript sees it: for each worker the slab of cells and the
// directory of runs, as ArrayBuffers over native memory. Each one holds the engine's memory, so it
// may outlive stop(), the handle and the snapshot of its configuration. JavaScript thread.
#pragma once

#include <memory>

#include "binding/node.h"
#include "binding/running_engine.h"

namespace weft::binding {

/// An array with one object for each worker; null, with an exception pending, when Node refuses.
[[nodiscard]] napi_value makeMetricsMemory(napi_env env,
                                           const std::shared_ptr<RunningEngine>& engine);

}  // namespace weft::binding
