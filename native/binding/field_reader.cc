#include "binding/field_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <js_native_api.h>
#include <js_native_api_types.h>

#include "base/address.h"
#include "base/result.h"
#include "binding/js_error.h"
#include "binding/node.h"

namespace weft::binding {

namespace {

constexpr std::size_t kShownBytesMax = 60;

std::string stringOf(napi_env env, napi_value value) {
  std::size_t size = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &size) != napi_ok) {
    return {};
  }
  std::string text(size + 1, '\0');
  napi_get_value_string_utf8(env, value, text.data(), text.size(), &size);
  text.resize(size);
  return text;
}

std::string numberText(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.15g", number);
  return text.data();
}

std::string quoted(const std::string& text) {
  if (text.size() <= kShownBytesMax) {
    return "'" + text + "'";
  }
  return "'" + text.substr(0, kShownBytesMax) + "...'";
}

}  // namespace

void Reading::fail(std::string path, const std::string& problem) {
  if (!error_) {
    std::string message = path.empty() ? problem : path + ": " + problem;
    error_ = JsError{.code = code_, .message = std::move(message), .path = std::move(path)};
  }
}

napi_value Field::member(const char* name) const {
  napi_value value = nullptr;
  if (!reading_.ok()) {
    return nullptr;
  }
  if (!isType(napi_object)) {
    expected("an object");
  } else if (napi_get_named_property(reading_.env(), value_, name, &value) != napi_ok) {
    // A getter may throw anything; what it threw is not ours to show.
    static_cast<void>(takeException(reading_.env()));
    Field(*this, name, 0, nullptr).fail("cannot be read");
  }
  return value;
}

napi_value Field::element(std::uint32_t index) const {
  napi_value value = nullptr;
  if (reading_.ok() && napi_get_element(reading_.env(), value_, index, &value) != napi_ok) {
    static_cast<void>(takeException(reading_.env()));
    Field(*this, nullptr, index, nullptr).fail("cannot be read");
  }
  return value;
}

std::uint32_t Field::length() const {
  if (!reading_.ok()) {
    return 0;
  }
  bool isArray = false;
  std::uint32_t length = 0;
  if (napi_is_array(reading_.env(), value_, &isArray) != napi_ok || !isArray ||
      napi_get_array_length(reading_.env(), value_, &length) != napi_ok) {
    expected("an array");
    return 0;
  }
  return length;
}

bool Field::isNull() const noexcept {
  return reading_.ok() && isType(napi_null);
}

std::uint64_t Field::integer(Range range) const {
  if (!reading_.ok()) {
    return range.min;
  }
  double number = 0;
  const bool isNumber =
      isType(napi_number) && napi_get_value_double(reading_.env(), value_, &number) == napi_ok;
  // Written so that NaN is refused too.
  const bool inside = number >= static_cast<double>(range.min) &&
                      number <= static_cast<double>(range.max) && std::trunc(number) == number;
  if (!isNumber || !inside) {
    expected("an integer from " + std::to_string(range.min) + " to " + std::to_string(range.max));
    return range.min;
  }
  return static_cast<std::uint64_t>(number);
}

bool Field::boolean() const {
  bool value = false;
  if (reading_.ok() &&
      (!isType(napi_boolean) || napi_get_value_bool(reading_.env(), value_, &value) != napi_ok)) {
    expected("true or false");
  }
  return value;
}

std::string Field::text() const {
  if (!reading_.ok()) {
    return {};
  }
  if (!isType(napi_string)) {
    expected("a string");
    return {};
  }
  return stringOf(reading_.env(), value_);
}

std::size_t Field::wordIndex(std::span<const std::string_view> words) const {
  if (!reading_.ok()) {
    return 0;
  }
  if (isType(napi_string)) {
    const auto found = std::ranges::find(words, stringOf(reading_.env(), value_));
    if (found != words.end()) {
      return static_cast<std::size_t>(found - words.begin());
    }
  }
  std::string list;
  for (const std::string_view word : words) {
    list += list.empty() ? "" : " or ";
    list += quoted(std::string(word));
  }
  expected(list);
  return 0;
}

base::Address Field::address() const {
  const std::string written = text();
  if (!reading_.ok()) {
    return {};
  }
  base::Result<base::Address> address = base::Address::parse(written);
  if (!address.ok()) {
    fail(std::string(address.error().text) + ", got " + quoted(written));
    return {};
  }
  return std::move(address).value();
}

bool Field::isType(napi_valuetype type) const noexcept {
  napi_valuetype actual = napi_undefined;
  return value_ != nullptr && napi_typeof(reading_.env(), value_, &actual) == napi_ok &&
         actual == type;
}

std::string Field::path() const {
  if (parent_ == nullptr) {
    return {};
  }
  std::string path = parent_->path();
  if (name_ == nullptr) {
    return path + '[' + std::to_string(index_) + ']';
  }
  return path.empty() ? name_ : path + '.' + name_;
}

std::string Field::described() const {
  double number = 0;
  bool flag = false;
  switch (napi_valuetype type = napi_undefined; napi_typeof(reading_.env(), value_, &type), type) {
    case napi_undefined:
      return "nothing";
    case napi_null:
      return "null";
    case napi_boolean:
      napi_get_value_bool(reading_.env(), value_, &flag);
      return flag ? "true" : "false";
    case napi_number:
      napi_get_value_double(reading_.env(), value_, &number);
      return numberText(number);
    case napi_string:
      return quoted(stringOf(reading_.env(), value_));
    case napi_object:
      napi_is_array(reading_.env(), value_, &flag);
      return flag ? "an array" : "an object";
    default:
      return "something else";
  }
}

void Field::expected(const std::string& what) const {
  fail("expected " + what + ", got " + described());
}

}  // namespace weft::binding
