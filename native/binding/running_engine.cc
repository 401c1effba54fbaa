#include "binding/running_engine.h"

#include <memory>
#include <mutex>
#include <utility>

#include "base/result.h"
#include "binding/event_bridge.h"
#include "binding/js_queue.h"
#include "engine/engine.h"

namespace weft::binding {

base::Result<std::shared_ptr<RunningEngine>> RunningEngine::start(
    const engine::EngineOptions& options, std::shared_ptr<JsQueue> queue,
    EventBridge::Deliver deliver) {
  std::shared_ptr<RunningEngine> running(new RunningEngine(std::move(queue), std::move(deliver)));
  auto engine = engine::Engine::start(options, running->bridge_);
  if (!engine.ok()) {
    return engine.error();
  }
  running->engine_ = std::move(engine).value();
  return running;
}

void RunningEngine::stop() noexcept {
  const std::lock_guard lock(stopMutex_);
  engine_->stop();
}

void RunningEngine::abandon() noexcept {
  queue_->close();
  stop();
}

}  // namespace weft::binding
