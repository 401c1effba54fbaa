// Pattern: a regular expression as a table: one step for each byte, whatever the expression. It
// matches whole texts. lib/base/pattern.ts makes the table. Immutable; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::base {

class Pattern {
 public:
  using State = std::uint16_t;

  /// REQUIRES: `next` has a row of as many columns as there are classes for each state, and names
  /// no state beyond them; `start` is one.
  Pattern(const std::array<std::uint8_t, 256>& classes, std::vector<State> next, State start,
          State acceptingFrom)
      : classes_(classes), next_(std::move(next)), start_(start), acceptingFrom_(acceptingFrom) {
    for (const std::uint8_t one : classes_) {
      classCount_ = std::max<std::size_t>(classCount_, one + std::size_t{1});
    }
  }

  [[nodiscard]] State start() const noexcept { return start_; }

  [[nodiscard]] State after(State state, std::string_view bytes) const noexcept {
    for (const char byte : bytes) {
      state = next_[state * classCount_ + classes_[static_cast<std::uint8_t>(byte)]];
    }
    return state;
  }

  /// Whether a text that has led here matches.
  [[nodiscard]] bool accepts(State state) const noexcept { return state >= acceptingFrom_; }

  [[nodiscard]] bool matches(std::string_view text) const noexcept {
    return accepts(after(start_, text));
  }

 private:
  std::array<std::uint8_t, 256> classes_;
  std::vector<State> next_;
  std::size_t classCount_ = 0;
  State start_;
  State acceptingFrom_;
};

}  // namespace weft::base
