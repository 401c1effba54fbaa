// EventBridge: event rings -> one callback for each batch. A worker whose ring was empty asks for a
// wake-up; the JavaScript thread then takes whole records until the ring is empty again, and gives
// each batch to the sink as a Uint8Array of its own. A slow or blocked JavaScript thread costs
// events, which the ring counts, and nothing else.
#pragma once

#include <cstdint>
#include <functional>

#include "binding/js_queue.h"
#include "binding/node.h"
#include "engine/engine.h"

namespace weft::binding {

class EventBridge final : public engine::EventListener {
 public:
  /// `deliver` is called on the JavaScript thread when there may be events of that worker.
  using Deliver = std::function<void(napi_env env, std::uint32_t worker)>;

  EventBridge(JsQueue& queue, Deliver deliver) : queue_(queue), deliver_(std::move(deliver)) {}

  /// Worker threads. Asking again for a worker whose batch was too long to take at once is the
  /// same.
  void eventsReady(std::uint32_t worker) noexcept override {
    queue_.post([this, worker](napi_env env) { deliver_(env, worker); });
  }

 private:
  JsQueue& queue_;
  const Deliver deliver_;
};

enum class Drained : std::uint8_t {
  Empty,    ///< The next event wakes us.
  More,     ///< Enough for one turn of the event loop.
  Stopped,  ///< The sink has thrown, or no JavaScript may run.
};

/// Gives events of one worker to `sink`. JavaScript thread.
[[nodiscard]] Drained drainEvents(napi_env env, engine::Engine& engine, std::uint32_t worker,
                                  napi_value sink) noexcept;

}  // namespace weft::binding
