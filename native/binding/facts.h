// What JavaScript may ask without an engine: the closed lists of this side of the boundary, and
// what this build and this machine can do. JavaScript thread.
#pragma once

#include "binding/node.h"

namespace weft::binding {

/// ClosedLists of lib/contract/addon.ts.
[[nodiscard]] napi_value writeClosedLists(napi_env env) noexcept;

/// Probe of lib/contract/addon.ts. Raises the soft limit of descriptors.
[[nodiscard]] napi_value writeProbe(napi_env env);

}  // namespace weft::binding
