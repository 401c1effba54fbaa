// TextMap: values by name, looked up by a view of one without an allocation.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weft::base {

struct TextHash {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name.

  [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

template <typename Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace weft::base
