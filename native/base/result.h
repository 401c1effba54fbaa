// Result<T>: a value or an Error. For what the outside world can make fail; "would block" is not a
// failure.
#pragma once

#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/error.h"

namespace weft::base {

template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that `return value;` and `return error;` both read well.
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)

  Result(Error error)
      : state_(std::in_place_index<1>, error) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }

  explicit operator bool() const noexcept { return ok(); }

  /// REQUIRES: ok().
  [[nodiscard]] T& value() & noexcept {
    WEFT_CHECK(ok());
    return *std::get_if<0>(&state_);
  }

  [[nodiscard]] const T& value() const& noexcept {
    WEFT_CHECK(ok());
    return *std::get_if<0>(&state_);
  }

  [[nodiscard]] T&& value() && noexcept {
    WEFT_CHECK(ok());
    return std::move(*std::get_if<0>(&state_));
  }

  /// REQUIRES: !ok().
  [[nodiscard]] const Error& error() const noexcept {
    WEFT_CHECK(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;

  Result(Error error) : error_(error), ok_(false) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return ok_; }

  explicit operator bool() const noexcept { return ok_; }

  /// REQUIRES: !ok().
  [[nodiscard]] const Error& error() const noexcept {
    WEFT_CHECK(!ok_);
    return error_;
  }

 private:
  Error error_{};
  bool ok_ = true;
};

}  // namespace weft::base
