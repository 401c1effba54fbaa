#include "binding/node.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::binding {

napi_value makeString(napi_env env, std::string_view text) noexcept {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

napi_value makeNumber(napi_env env, double number) noexcept {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

napi_value makeBoolean(napi_env env, bool boolean) noexcept {
  napi_value value = nullptr;
  napi_get_boolean(env, boolean, &value);
  return value;
}

napi_value makeNull(napi_env env) noexcept {
  napi_value value = nullptr;
  napi_get_null(env, &value);
  return value;
}

napi_value makeUndefined(napi_env env) noexcept {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

napi_value makeArray(napi_env env, std::size_t length) noexcept {
  napi_value value = nullptr;
  napi_create_array_with_length(env, length, &value);
  return value;
}

void setElement(napi_env env, napi_value array, std::size_t index, napi_value value) noexcept {
  napi_set_element(env, array, static_cast<std::uint32_t>(index), value);
}

napi_value takeException(napi_env env) noexcept {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) {
    napi_get_and_clear_last_exception(env, &exception);
  }
  return exception;
}

ObjectWriter::ObjectWriter(napi_env env) noexcept : env_(env) {
  napi_create_object(env, &object_);
}

ObjectWriter& ObjectWriter::set(const char* name, napi_value value) noexcept {
  napi_set_named_property(env_, object_, name, value);
  return *this;
}

ObjectWriter& ObjectWriter::text(const char* name, std::string_view value) noexcept {
  return set(name, makeString(env_, value));
}

ObjectWriter& ObjectWriter::number(const char* name, std::uint64_t value) noexcept {
  return set(name, makeNumber(env_, static_cast<double>(value)));
}

ObjectWriter& ObjectWriter::boolean(const char* name, bool value) noexcept {
  return set(name, makeBoolean(env_, value));
}

}  // namespace weft::binding
