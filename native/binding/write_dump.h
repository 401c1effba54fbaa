// engine::DumpResult -> the object that lib/contract/addon.ts calls DumpResult. JavaScript thread.
#pragma once

#include "binding/node.h"
#include "engine/dump.h"

namespace weft::binding {

[[nodiscard]] napi_value writeDump(napi_env env, const engine::DumpResult& dump) noexcept;

}  // namespace weft::binding
