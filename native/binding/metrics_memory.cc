#include "binding/metrics_memory.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "binding/js_error.h"

namespace weft::binding {

namespace {

using Holder = std::shared_ptr<RunningEngine>;

void onFinalize(napi_env, void*, void* holder) {
  const std::unique_ptr<Holder> last(static_cast<Holder*>(holder));
}

napi_value makeArrayBuffer(napi_env env, const Holder& engine, std::span<std::byte> memory) {
  auto holder = std::make_unique<Holder>(engine);
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, memory.data(), memory.size(),
                                                              onFinalize, holder.get(), &buffer);
  if (status != napi_ok) {
    throwError(env, {.message = "this Node gives no ArrayBuffer over native memory"});
    return nullptr;
  }
  static_cast<void>(holder.release());
  return buffer;
}

}  // namespace

napi_value makeMetricsMemory(napi_env env, const std::shared_ptr<RunningEngine>& engine) {
  const std::uint32_t workerCount = engine->engine().workerCount();
  const napi_value workers = makeArray(env, workerCount);
  for (std::uint32_t worker = 0; worker < workerCount; ++worker) {
    const napi_value cells =
        makeArrayBuffer(env, engine, std::as_writable_bytes(engine->engine().cells(worker)));
    if (cells == nullptr) {
      return nullptr;
    }
    const napi_value directory =
        makeArrayBuffer(env, engine, std::as_writable_bytes(engine->engine().directory(worker)));
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
