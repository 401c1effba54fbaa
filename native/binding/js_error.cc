#include "binding/js_error.h"

#include <cstring>

#include <js_native_api.h>
#include <js_native_api_types.h>

#include "base/error.h"
#include "binding/node.h"

namespace weft::binding {

JsError jsErrorOf(const base::Error& error) {
  JsError result{.message = error.text, .sysErrno = error.sysErrno};
  if (error.sysErrno != 0) {
    result.message += std::string(": ") + std::strerror(error.sysErrno);
  }
  return result;
}

JsError stoppedError() {
  return {.code = kErrEngineStopped, .message = "the engine was stopped. Start a new one."};
}

napi_value makeError(napi_env env, const JsError& error) noexcept {
  const napi_value code = makeString(env, error.code);
  napi_value value = nullptr;
  napi_create_error(env, code, makeString(env, error.message), &value);
  if (!error.path.empty()) {
    napi_set_named_property(env, value, "path", makeString(env, error.path));
  }
  if (error.sysErrno != 0) {
    napi_set_named_property(env, value, "errno", makeNumber(env, error.sysErrno));
  }
  return value;
}

void throwError(napi_env env, const JsError& error) noexcept {
  napi_throw(env, makeError(env, error));
}

}  // namespace weft::binding
