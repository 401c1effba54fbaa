// Node-API for the whole room, and the few calls that must not fail while an environment ends:
// where JavaScript may no longer run, wrappers of node-addon-api would end the process, so these
// give up silently.
#pragma once

#include <cstdint>
#include <string_view>

// An error that cannot be thrown because the environment ends is dropped.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS

#include <js_native_api.h>        // IWYU pragma: export
#include <js_native_api_types.h>  // IWYU pragma: export

#include <napi.h>            // IWYU pragma: export
#include <node_api.h>        // IWYU pragma: export
#include <node_api_types.h>  // IWYU pragma: export

namespace weft::binding {

[[nodiscard]] napi_value makeString(napi_env env, std::string_view text) noexcept;
[[nodiscard]] napi_value makeNumber(napi_env env, double number) noexcept;
[[nodiscard]] napi_value makeBoolean(napi_env env, bool value) noexcept;
[[nodiscard]] napi_value makeNull(napi_env env) noexcept;
[[nodiscard]] napi_value makeUndefined(napi_env env) noexcept;
[[nodiscard]] napi_value makeArray(napi_env env, std::size_t length) noexcept;
void setElement(napi_env env, napi_value array, std::size_t index, napi_value value) noexcept;

/// Null when no exception is pending; else it is not pending any more.
[[nodiscard]] napi_value takeException(napi_env env) noexcept;

/// Handles that are made while it lives go with it.
class HandleScope {
 public:
  explicit HandleScope(napi_env env) noexcept : env_(env) { napi_open_handle_scope(env, &scope_); }

  ~HandleScope() { napi_close_handle_scope(env_, scope_); }

  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

 private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
};

/// Fills one plain object, field by field.
class ObjectWriter {
 public:
  explicit ObjectWriter(napi_env env) noexcept;

  ObjectWriter& set(const char* name, napi_value value) noexcept;
  ObjectWriter& text(const char* name, std::string_view value) noexcept;

  /// Exact up to 2^53.
  ObjectWriter& number(const char* name, std::uint64_t value) noexcept;
  ObjectWriter& boolean(const char* name, bool value) noexcept;

  [[nodiscard]] napi_value object() const noexcept { return object_; }

 private:
  napi_env env_;
  napi_value object_ = nullptr;
};

}  // namespace weft::binding
