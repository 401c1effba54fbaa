// PendingCalls: promises that wait for an answer of the engine's threads. Threads know a call by
// its number; the promise itself stays on the JavaScript thread.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "binding/js_error.h"
#include "binding/node.h"

namespace weft::binding {

class PendingCalls {
 public:
  using Number = std::uint64_t;

  struct Call {
    Number number = 0;
    napi_value promise = nullptr;
  };

  [[nodiscard]] Call begin(napi_env env) noexcept;

  void resolve(napi_env env, Number number, napi_value value) noexcept;
  void reject(napi_env env, Number number, const JsError& error) noexcept;

  /// Rejects what nobody has answered.
  void rejectAll(napi_env env, const JsError& error) noexcept;

 private:
  [[nodiscard]] napi_deferred take(Number number) noexcept;

  std::unordered_map<Number, napi_deferred> calls_;
  Number last_ = 0;
};

/// A promise that is rejected already.
[[nodiscard]] napi_value rejectedPromise(napi_env env, const JsError& error) noexcept;

}  // namespace weft::binding
