// The addon's entry: what it exports, and the state of each environment that loads it (the main
// thread, worker threads).
#include <cstdint>
#include <memory>

#include <napi-inl.h>

#include "binding/engine_handle.h"
#include "binding/facts.h"
#include "binding/field_reader.h"
#include "binding/js_error.h"
#include "binding/match_route.h"
#include "binding/node.h"
#include "binding/read_options.h"
#include "engine/engine.h"
#include "os/heap.h"
#include "os/process_limits.h"

namespace weft::binding {

namespace {

/// Freed by Node when the environment ends.
struct EnvironmentState {
  Napi::FunctionReference handleClass;
};

Napi::Value start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Reading reading(env, kErrEngine);
  const engine::EngineOptions options = readStartOptions(reading, info[0]);
  if (!reading.ok()) {
    throwError(env, reading.error());
    return env.Undefined();
  }
  if (!info[1].IsFunction()) {
    throwError(env, {.message = "sink: expected a function that takes events", .path = "sink"});
    return env.Undefined();
  }
  const Napi::Object object = env.GetInstanceData<EnvironmentState>()->handleClass.New({});
  if (env.IsExceptionPending() ||
      !EngineHandle::Unwrap(object)->start(env, options, info[1].As<Napi::Function>())) {
    return env.Undefined();
  }
  return object;
}

Napi::Value closedLists(const Napi::CallbackInfo& info) {
  return {info.Env(), writeClosedLists(info.Env())};
}

Napi::Value probe(const Napi::CallbackInfo& info) {
  return {info.Env(), writeProbe(info.Env())};
}

Napi::Value trimHeap(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), os::trimHeap());
}

Napi::Value reapChild(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Reading reading(env, kErrEngine);
  const auto pid = Field(reading, info[0]).number<std::int32_t>({.min = 1, .max = INT32_MAX});
  if (!reading.ok()) {
    throwError(env, reading.error());
    return env.Undefined();
  }
  return Napi::Boolean::New(env, os::reapChild(pid));
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto state = std::make_unique<EnvironmentState>();
  state->handleClass = Napi::Persistent(EngineHandle::defineClass(env));
  env.SetInstanceData(state.release());
  exports.Set("start", Napi::Function::New<start>(env, "start"));
  exports.Set("closedLists", Napi::Function::New<closedLists>(env, "closedLists"));
  exports.Set("probe", Napi::Function::New<probe>(env, "probe"));
  exports.Set("matchRoute", Napi::Function::New<matchRoute>(env, "matchRoute"));
  exports.Set("trimHeap", Napi::Function::New<trimHeap>(env, "trimHeap"));
  exports.Set("reapChild", Napi::Function::New<reapChild>(env, "reapChild"));
  return exports;
}

}  // namespace

NODE_API_MODULE(weft, initialize)

}  // namespace weft::binding
