#include "binding/js_queue.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <js_native_api_types.h>

#include <node_api.h>
#include <node_api_types.h>

#include "binding/node.h"

namespace weft::binding {

namespace {

using Holder = std::shared_ptr<JsQueue>;

void onWake(napi_env env, napi_value, void* context, void*) {
  if (env != nullptr) {
    static_cast<JsQueue*>(context)->run(env);
  }
}

void onFinalize(napi_env, void* holder, void*) {
  const std::unique_ptr<Holder> last(static_cast<Holder*>(holder));
}

}  // namespace

std::shared_ptr<JsQueue> JsQueue::open(napi_env env) {
  std::shared_ptr<JsQueue> queue(new JsQueue());
  // The threadsafe function calls the queue for as long as it lives, so it holds it.
  Holder* holder = std::make_unique<Holder>(queue).release();
  constexpr std::size_t kUnbounded = 0;
  constexpr std::size_t kThreadCount = 1;
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, makeString(env, "weft"), kUnbounded, kThreadCount, holder, onFinalize,
      queue.get(), onWake, &queue->function_);
  if (status != napi_ok) {
    onFinalize(env, holder, nullptr);
    return nullptr;
  }
  return queue;
}

void JsQueue::post(Task task) {
  const std::lock_guard lock(mutex_);
  if (closed_) {
    return;
  }
  tasks_.push_back(std::move(task));
  wake();
}

/// REQUIRES: the lock is held.
void JsQueue::wake() noexcept {
  if (!std::exchange(awake_, true)) {
    napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
  }
}

void JsQueue::run(napi_env env) {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
    awake_ = false;
  }
  for (const Task& task : tasks) {
    const HandleScope scope(env);
    task(env);
    // Node would only warn: below version 10 of Node-API it drops what such a callback throws.
    if (const napi_value exception = takeException(env); exception != nullptr) {
      napi_fatal_exception(env, exception);
    }
  }
}

bool JsQueue::empty() noexcept {
  const std::lock_guard lock(mutex_);
  return tasks_.empty();
}

void JsQueue::close() noexcept {
  std::vector<Task> dropped;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(tasks_);
}

void JsQueue::release() noexcept {
  close();
  napi_release_threadsafe_function(function_, napi_tsfn_abort);
}

}  // namespace weft::binding
