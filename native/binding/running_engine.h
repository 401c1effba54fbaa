// RunningEngine: an engine with its way to the JavaScript thread, shared by the handle, the work
// that stops it and the exit guard. Whoever is last frees it.
#pragma once

#include <memory>
#include <mutex>

#include "base/result.h"
#include "binding/event_bridge.h"
#include "binding/js_queue.h"
#include "engine/engine.h"

namespace weft::binding {

class RunningEngine {
 public:
  [[nodiscard]] static base::Result<std::shared_ptr<RunningEngine>> start(
      const engine::EngineOptions& options, std::shared_ptr<JsQueue> queue,
      EventBridge::Deliver deliver);

  RunningEngine(const RunningEngine&) = delete;
  RunningEngine& operator=(const RunningEngine&) = delete;

  [[nodiscard]] engine::Engine& engine() noexcept { return *engine_; }

  [[nodiscard]] EventBridge& events() noexcept { return bridge_; }

  [[nodiscard]] const std::shared_ptr<JsQueue>& queue() const noexcept { return queue_; }

  /// Joins the threads; returns when they are joined, whoever began it. Any thread.
  void stop() noexcept;

  /// The environment or the process ends: nothing goes to JavaScript any more, then stop().
  void abandon() noexcept;

 private:
  RunningEngine(std::shared_ptr<JsQueue> queue, EventBridge::Deliver deliver)
      : queue_(std::move(queue)), bridge_(*queue_, std::move(deliver)) {}

  std::shared_ptr<JsQueue> queue_;
  EventBridge bridge_;
  std::unique_ptr<engine::Engine> engine_;
  std::mutex stopMutex_;
};

}  // namespace weft::binding
