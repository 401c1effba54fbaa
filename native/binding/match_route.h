// Which rule of some routes a request fits, found by the code that routes. JavaScript thread.
#pragma once

#include "binding/node.h"

namespace weft::binding {

/// matchRoute(routes, request) of lib/contract/addon.ts.
[[nodiscard]] Napi::Value matchRoute(const Napi::CallbackInfo& info);

}  // namespace weft::binding
