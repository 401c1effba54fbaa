// What went wrong as a JavaScript Error with `code`, and `path` and `errno` where there are any.
// The codes are those of lib/base/errors.ts. JavaScript thread.
#pragma once

#include <string>

#include "base/error.h"
#include "binding/node.h"

namespace weft::binding {

inline constexpr const char* kErrEngine = "ERR_ENGINE";
inline constexpr const char* kErrEngineStopped = "ERR_ENGINE_STOPPED";
inline constexpr const char* kErrListen = "ERR_LISTEN";
inline constexpr const char* kErrSnapshotInvalid = "ERR_SNAPSHOT_INVALID";

struct JsError {
  const char* code = kErrEngine;
  std::string message{};
  std::string path{};  ///< Of the field at fault; empty when there is none.
  int sysErrno = 0;
};

[[nodiscard]] JsError jsErrorOf(const base::Error& error);

/// The handle has no engine, or none any more.
[[nodiscard]] JsError stoppedError();

/// An Error object, not thrown.
[[nodiscard]] napi_value makeError(napi_env env, const JsError& error) noexcept;

void throwError(napi_env env, const JsError& error) noexcept;

}  // namespace weft::binding
