#include "binding/event_bridge.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <js_native_api.h>
#include <js_native_api_types.h>

#include "base/bytes.h"
#include "binding/node.h"
#include "engine/engine.h"

namespace weft::binding {

namespace {

/// Some 400 records of ended connections: the cost of a callback is spread over them.
constexpr std::size_t kBatchBytes = std::size_t{64} * 1024;

/// A worker that writes as fast as this thread reads must not keep the event loop for itself.
constexpr int kBatchesPerTurn = 8;

/// Null when no JavaScript may run.
napi_value makeBytes(napi_env env, base::Bytes bytes) noexcept {
  void* memory = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  if (napi_create_arraybuffer(env, bytes.size(), &memory, &buffer) != napi_ok) {
    return nullptr;
  }
  std::ranges::copy(bytes, static_cast<std::byte*>(memory));
  napi_create_typedarray(env, napi_uint8_array, bytes.size(), buffer, 0, &array);
  return array;
}

bool callSink(napi_env env, napi_value sink, std::uint32_t worker, base::Bytes batch) noexcept {
  const napi_value records = makeBytes(env, batch);
  if (records == nullptr) {
    return false;
  }
  const std::array<napi_value, 2> arguments = {makeNumber(env, worker), records};
  return napi_call_function(env, makeUndefined(env), sink, arguments.size(), arguments.data(),
                            nullptr) == napi_ok;
}

}  // namespace

Drained drainEvents(napi_env env, engine::Engine& engine, std::uint32_t worker,
                    napi_value sink) noexcept {
  std::array<std::byte, kBatchBytes> batch;
  for (int count = 0; count < kBatchesPerTurn; ++count) {
    const std::size_t size = engine.drainEvents(worker, batch);
    if (size == 0) {
      return Drained::Empty;
    }
    if (!callSink(env, sink, worker, std::span(batch).first(size))) {
      return Drained::Stopped;
    }
  }
  return Drained::More;
}

}  // namespace weft::binding
