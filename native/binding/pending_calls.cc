#include "binding/pending_calls.h"

#include <js_native_api.h>
#include <js_native_api_types.h>

#include "binding/js_error.h"

namespace weft::binding {

PendingCalls::Call PendingCalls::begin(napi_env env) noexcept {
  Call call{.number = ++last_};
  napi_deferred deferred = nullptr;
  if (napi_create_promise(env, &deferred, &call.promise) == napi_ok) {
    calls_.emplace(call.number, deferred);
  }
  return call;
}

void PendingCalls::resolve(napi_env env, Number number, napi_value value) noexcept {
  if (const napi_deferred deferred = take(number); deferred != nullptr) {
    napi_resolve_deferred(env, deferred, value);
  }
}

void PendingCalls::reject(napi_env env, Number number, const JsError& error) noexcept {
  if (const napi_deferred deferred = take(number); deferred != nullptr) {
    napi_reject_deferred(env, deferred, makeError(env, error));
  }
}

void PendingCalls::rejectAll(napi_env env, const JsError& error) noexcept {
  while (!calls_.empty()) {
    reject(env, calls_.begin()->first, error);
  }
}

napi_deferred PendingCalls::take(Number number) noexcept {
  const auto found = calls_.find(number);
  if (found == calls_.end()) {
    return nullptr;
  }
  const napi_deferred deferred = found->second;
  calls_.erase(found);
  return deferred;
}

napi_value rejectedPromise(napi_env env, const JsError& error) noexcept {
  PendingCalls calls;
  const PendingCalls::Call call = calls.begin(env);
  calls.reject(env, call.number, error);
  return call.promise;
}

}  // namespace weft::binding
