#include "binding/engine_handle.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <js_native_api_types.h>

#include <napi-inl.h>
#include <napi.h>
#include <node_api.h>

#include "binding/event_bridge.h"
#include "binding/exit_guard.h"
#include "binding/field_reader.h"
#include "binding/js_error.h"
#include "binding/js_queue.h"
#include "binding/metrics_memory.h"
#include "binding/node.h"
#include "binding/pending_calls.h"
#include "binding/read_options.h"
#include "binding/read_snapshot.h"
#include "binding/running_engine.h"
#include "binding/write_dump.h"
#include "engine/drain_options.h"
#include "engine/dump.h"
#include "engine/engine.h"
#include "snapshot/snapshot.h"

namespace weft::binding {

namespace {

/// Joins the engine's threads on a thread of Node's pool.
class StopWork final : public Napi::AsyncWorker {
 public:
  StopWork(napi_env env, EngineHandle& handle, std::shared_ptr<RunningEngine> running)
      : Napi::AsyncWorker(env, "weft"), handle_(handle), running_(std::move(running)) {}

  void Execute() override { running_->stop(); }

  void OnOK() override { handle_.finishStop(Env()); }

 private:
  EngineHandle& handle_;
  const std::shared_ptr<RunningEngine> running_;
};

/// Clean-up hook of an environment that ends with its engine running.
void onEnvironmentEnd(void* argument) {
  auto* running = static_cast<RunningEngine*>(argument);
  running->abandon();
  ExitGuard::instance().remove(*running);
}

JsError listenError(const engine::PublishFailure& failure) {
  JsError error = jsErrorOf(failure.error);
  error.code = kErrListen;
  error.path = failure.path;
  return error;
}

napi_value forcedCountObject(napi_env env, std::uint64_t forcedCount) noexcept {
  ObjectWriter writer(env);
  writer.number("forcedCount", forcedCount);
  return writer.object();
}

}  // namespace

Napi::Function EngineHandle::defineClass(Napi::Env env) {
  return DefineClass(
      env, "EngineHandle",
      {InstanceMethod<&EngineHandle::publish>("publish"),
       InstanceMethod<&EngineHandle::drain>("drain"), InstanceMethod<&EngineHandle::stop>("stop"),
       InstanceMethod<&EngineHandle::metrics>("metrics"),
       InstanceMethod<&EngineHandle::dump>("dump")});
}

EngineHandle::EngineHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

EngineHandle::~EngineHandle() = default;

bool EngineHandle::start(Napi::Env env, const engine::EngineOptions& options, Napi::Function sink) {
  std::shared_ptr<JsQueue> queue = JsQueue::open(env);
  if (queue == nullptr) {
    throwError(env, {.message = "this environment gives no threadsafe function"});
    return false;
  }
  auto running = RunningEngine::start(
      options, queue,
      [this](napi_env present, std::uint32_t worker) { deliverEvents(present, worker); });
  if (!running.ok()) {
    queue->release();
    throwError(env, jsErrorOf(running.error()));
    return false;
  }
  running_ = std::move(running).value();
  sink_ = Napi::Persistent(sink);
  ExitGuard::instance().add(running_);
  // Hooks run last in, first out: this one before the threadsafe function's own, while posting is
  // still safe.
  napi_add_env_cleanup_hook(env, onEnvironmentEnd, running_.get());
  Ref();
  state_ = State::Running;
  return true;
}

Napi::Value EngineHandle::publish(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (state_ != State::Running) {
    return {env, rejectedPromise(env, stoppedError())};
  }
  Reading reading(env, kErrSnapshotInvalid);
  const SnapshotContext context{.previous = published_.get(),
                                .workerCount = running_->engine().workerCount()};
  std::shared_ptr<const snapshot::Snapshot> next = readSnapshot(reading, info[0], context);
  if (next == nullptr) {
    return {env, rejectedPromise(env, reading.error())};
  }
  const PendingCalls::Call call = calls_.begin(env);
  const auto published = [this, queue = running_->queue(), number = call.number, next,
                          before = published_](const engine::PublishFailure* failure) {
    const auto error = failure == nullptr ? std::nullopt : std::optional(listenError(*failure));
    queue->post([this, number, next, before, error](napi_env present) {
      // A stop drops what workers have not applied yet, and then says that it is done.
      if (state_ != State::Running) {
        calls_.reject(present, number, stoppedError());
      } else if (error) {
        published_ = published_ == next ? before : published_;
        calls_.reject(present, number, *error);
      } else {
        calls_.resolve(present, number, makeNumber(present, static_cast<double>(next->revision)));
      }
    });
  };
  published_ = next;
  running_->engine().publish(std::move(next), published);
  return {env, call.promise};
}

Napi::Value EngineHandle::drain(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (state_ != State::Running) {
    return {env, rejectedPromise(env, stoppedError())};
  }
  Reading reading(env, kErrEngine);
  const engine::DrainOptions options = readDrainOptions(reading, info[0]);
  if (!reading.ok()) {
    return {env, rejectedPromise(env, reading.error())};
  }
  const PendingCalls::Call call = calls_.begin(env);
  const auto drained = [this, queue = running_->queue(),
                        number = call.number](std::uint64_t forced) {
    queue->post([this, number, forced](napi_env present) {
      calls_.resolve(present, number, forcedCountObject(present, forced));
    });
  };
  running_->engine().drain(options, drained);
  return {env, call.promise};
}

Napi::Value EngineHandle::dump(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (state_ != State::Running) {
    return {env, rejectedPromise(env, stoppedError())};
  }
  Reading reading(env, kErrEngine);
  engine::DumpQuery query = readDumpQuery(reading, info[0]);
  if (!reading.ok()) {
    return {env, rejectedPromise(env, reading.error())};
  }
  const PendingCalls::Call call = calls_.begin(env);
  const auto dumped = [this, queue = running_->queue(),
                       number = call.number](engine::DumpResult result) {
    queue->post([this, number, result = std::move(result)](napi_env present) {
      calls_.resolve(present, number, writeDump(present, result));
    });
  };
  running_->engine().dump(std::move(query), dumped);
  return {env, call.promise};
}

Napi::Value EngineHandle::metrics(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (state_ != State::Running) {
    throwError(env, stoppedError());
    return env.Undefined();
  }
  if (metrics_.IsEmpty()) {
    const napi_value memory = makeMetricsMemory(env, running_->engine());
    if (memory == nullptr) {
      return env.Undefined();
    }
    metrics_ = Napi::Persistent(Napi::Object(env, memory));
  }
  return metrics_.Value();
}

Napi::Value EngineHandle::stop(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const PendingCalls::Call call = calls_.begin(env);
  if (state_ == State::Idle || state_ == State::Stopped) {
    calls_.resolve(env, call.number, env.Undefined());
    return {env, call.promise};
  }
  stopCalls_.push_back(call.number);
  if (std::exchange(state_, State::Stopping) == State::Running) {
    // Node deletes it when the work is done.
    std::make_unique<StopWork>(env, *this, running_).release()->Queue();
  }
  return {env, call.promise};
}

void EngineHandle::finishStop(napi_env env) noexcept {
  // Answers that the threads gave while they ended, and the last events, come before the promise of
  // stop().
  while (!running_->queue()->empty()) {
    running_->queue()->run(env);
  }
  running_->queue()->release();
  ExitGuard::instance().remove(*running_);
  napi_remove_env_cleanup_hook(env, onEnvironmentEnd, running_.get());
  state_ = State::Stopped;
  for (const PendingCalls::Number number : stopCalls_) {
    calls_.resolve(env, number, makeUndefined(env));
  }
  stopCalls_.clear();
  calls_.rejectAll(env, stoppedError());
  published_.reset();
  sink_.Reset();
  metrics_.Reset();
  running_.reset();
  Unref();
}

void EngineHandle::deliverEvents(napi_env env, std::uint32_t worker) noexcept {
  if (drainEvents(env, running_->engine(), worker, sink_.Value()) != Drained::Empty) {
    running_->events().eventsReady(worker);
  }
}

}  // namespace weft::binding
