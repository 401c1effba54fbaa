// EngineHandle: the object that start() returns. Its calls fail with ERR_ENGINE_STOPPED once stop()
// was called. While the engine runs the handle holds itself, so that an engine whose handle nobody
// keeps runs on; an environment that ends (a worker thread, the main thread) stops it. JavaScript
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "binding/node.h"
#include "binding/pending_calls.h"
#include "binding/running_engine.h"
#include "snapshot/snapshot.h"

namespace weft::binding {

class EngineHandle final : public Napi::ObjectWrap<EngineHandle> {
 public:
  /// The class as JavaScript sees it; one for each environment.
  [[nodiscard]] static Napi::Function defineClass(Napi::Env env);

  /// For defineClass only: an instance that JavaScript makes by itself has no engine.
  explicit EngineHandle(const Napi::CallbackInfo& info);
  ~EngineHandle() override;

  /// Starts the engine of this handle; false with an exception pending.
  [[nodiscard]] bool start(Napi::Env env, const engine::EngineOptions& options,
                           Napi::Function sink);

  /// The engine's threads are joined.
  void finishStop(napi_env env) noexcept;

 private:
  enum class State : std::uint8_t { Idle, Running, Stopping, Stopped };

  Napi::Value publish(const Napi::CallbackInfo& info);
  Napi::Value drain(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);
  Napi::Value metrics(const Napi::CallbackInfo& info);
  Napi::Value dump(const Napi::CallbackInfo& info);

  void deliverEvents(napi_env env, std::uint32_t worker) noexcept;

  State state_ = State::Idle;
  std::shared_ptr<RunningEngine> running_;
  std::shared_ptr<const snapshot::Snapshot> published_;
  Napi::FunctionReference sink_;
  Napi::ObjectReference metrics_;
  PendingCalls calls_;
  std::vector<PendingCalls::Number> stopCalls_;
};

}  // namespace weft::binding
