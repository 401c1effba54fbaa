// Bytes as bounds-checked spans, and the few conversions that everything needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weft::base {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

[[nodiscard]] inline Bytes bytesOf(std::string_view text) noexcept {
  return std::as_bytes(std::span<const char>(text));
}

[[nodiscard]] inline std::string_view textOf(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace weft::base
