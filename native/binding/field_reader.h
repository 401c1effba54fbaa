// Field: a JavaScript value at a known place, read with its type and range checked. The first thing
// that is wrong is kept with its path (`listeners[0].clusterId`), and everything read after that is
// meaningless; so a reader asks once, at the end, whether all went well. The path is only written
// when it is needed. JavaScript thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/clock.h"
#include "binding/js_error.h"
#include "binding/node.h"

namespace weft::binding {

/// The largest integer that a JavaScript number holds exactly.
inline constexpr std::uint64_t kSafeIntegerMax = (std::uint64_t{1} << 53U) - 1;

/// One reading of one argument. All fields refer to it.
class Reading {
 public:
  Reading(napi_env env, const char* errorCode) noexcept : env_(env), code_(errorCode) {}

  [[nodiscard]] napi_env env() const noexcept { return env_; }

  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }

  /// REQUIRES: !ok().
  [[nodiscard]] const JsError& error() const noexcept {
    return *error_;  // NOLINT(bugprone-unchecked-optional-access): the caller asked ok().
  }

  /// Kept when it is the first one.
  void fail(std::string path, const std::string& problem);

 private:
  napi_env env_;
  const char* code_;
  std::optional<JsError> error_;
};

struct Range {
  std::uint64_t min = 0;
  std::uint64_t max = kSafeIntegerMax;
};

class Field {
 public:
  /// The argument itself.
  Field(Reading& reading, napi_value value) noexcept : reading_(reading), value_(value) {}

  Field(const Field&) = delete;
  Field& operator=(const Field&) = delete;

  /// A field of this object, which must outlive it.
  [[nodiscard]] Field at(const char* name) const { return {*this, name, 0, member(name)}; }

  /// An element of this array, which must outlive it. REQUIRES: index < length().
  [[nodiscard]] Field at(std::uint32_t index) const {
    return {*this, nullptr, index, element(index)};
  }

  /// Of an array; 0 when it is none.
  [[nodiscard]] std::uint32_t length() const;

  [[nodiscard]] bool isNull() const noexcept;

  [[nodiscard]] std::uint64_t integer(Range range) const;

  template <typename Number>
  [[nodiscard]] Number number(Range range) const {
    return static_cast<Number>(integer(range));
  }

  /// Milliseconds.
  [[nodiscard]] base::Duration duration(Range range) const {
    return std::chrono::milliseconds(static_cast<std::int64_t>(integer(range)));
  }

  [[nodiscard]] bool boolean() const;

  [[nodiscard]] std::string text() const;

  /// The index of one of these words, as an enumerator.
  template <typename Enum>
  [[nodiscard]] Enum word(std::span<const std::string_view> words) const {
    return static_cast<Enum>(wordIndex(words));
  }

  [[nodiscard]] base::Address address() const;

  /// What `read` makes of this field, or nothing when it is null.
  template <typename Read>
  [[nodiscard]] auto orNull(Read read) const -> std::optional<decltype(read(*this))> {
    if (isNull()) {
      return std::nullopt;
    }
    return read(*this);
  }

  /// This field is wrong for a reason of the caller's.
  void fail(const std::string& problem) const { reading_.fail(path(), problem); }

 private:
  Field(const Field& parent, const char* name, std::uint32_t index, napi_value value) noexcept
      : reading_(parent.reading_), parent_(&parent), name_(name), index_(index), value_(value) {}

  /// Null when it cannot be had.
  [[nodiscard]] napi_value member(const char* name) const;
  [[nodiscard]] napi_value element(std::uint32_t index) const;

  [[nodiscard]] bool isType(napi_valuetype type) const noexcept;
  [[nodiscard]] std::size_t wordIndex(std::span<const std::string_view> words) const;
  [[nodiscard]] std::string path() const;
  [[nodiscard]] std::string described() const;
  void expected(const std::string& what) const;

  Reading& reading_;
  const Field* parent_ = nullptr;
  const char* name_ = nullptr;  ///< Null for an element.
  std::uint32_t index_ = 0;
  napi_value value_ = nullptr;
};

}  // namespace weft::binding
