// JsQueue: work for the JavaScript thread from any thread, and what keeps the process alive while
// an engine runs. One wake-up for any number of tasks. Posting to a closed queue does nothing,
// which is how threads that are still running become harmless to an environment that ends.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "binding/node.h"

namespace weft::binding {

class JsQueue {
 public:
  using Task = std::function<void(napi_env env)>;

  /// Null when the environment gives no threadsafe function. JavaScript thread.
  [[nodiscard]] static std::shared_ptr<JsQueue> open(napi_env env);

  JsQueue(const JsQueue&) = delete;
  JsQueue& operator=(const JsQueue&) = delete;

  /// Any thread.
  void post(Task task);

  /// Runs what was posted. What a task leaves thrown is an uncaught exception. JavaScript thread.
  void run(napi_env env);

  /// Nothing is waiting.
  [[nodiscard]] bool empty() noexcept;

  /// Drops what is waiting and what comes. Any thread; again is harmless. After it no call reaches
  /// Node.
  void close() noexcept;

  /// Closes, and lets the process end. JavaScript thread.
  void release() noexcept;

 private:
  JsQueue() = default;

  void wake() noexcept;

  std::mutex mutex_;
  std::vector<Task> tasks_;
  napi_threadsafe_function function_ = nullptr;
  bool awake_ = false;  ///< A wake-up is under way.
  bool closed_ = false;
};

}  // namespace weft::binding
