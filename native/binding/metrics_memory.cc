#include "binding/metrics_memory.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <js_native_api.h>
#include <js_native_api_types.h>

#include "binding/js_error.h"
#include "binding/node.h"
#include "engine/engine.h"

namespace weft::binding {

namespace {

using Holder = std::shared_ptr<const void>;

void onFinalize(napi_env, void*, void* holder) {
  const std::unique_ptr<Holder> last(static_cast<Holder*>(holder));
}

napi_value makeArrayBuffer(napi_env env, const Holder& memoryHolder, std::span<std::byte> memory) {
  Holder* holder = std::make_unique<Holder>(memoryHolder).release();
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, memory.data(), memory.size(),
                                                              onFinalize, holder, &buffer);
  if (status != napi_ok) {
    onFinalize(env, nullptr, holder);
    throwError(env, {.message = "this Node gives no ArrayBuffer over native memory"});
    return nullptr;
  }
  return buffer;
}

}  // namespace

napi_value makeMetricsMemory(napi_env env, engine::Engine& engine) {
  const napi_value workers = makeArray(env, engine.workerCount());
  for (std::uint32_t worker = 0; worker < engine.workerCount(); ++worker) {
    const Holder holder = engine.counterMemory(worker);
    const napi_value cells =
        makeArrayBuffer(env, holder, std::as_writable_bytes(engine.cells(worker)));
    if (cells == nullptr) {
      return nullptr;
    }
    const napi_value directory =
        makeArrayBuffer(env, holder, std::as_writable_bytes(engine.directory(worker)));
    if (directory == nullptr) {
      return nullptr;
    }
    ObjectWriter memory(env);
    memory.set("cells", cells).set("directory", directory);
    setElement(env, workers, worker, memory.object());
  }
  return workers;
}

}  // namespace weft::binding
