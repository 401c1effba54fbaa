// The alphabet of HTTP (RFC 9110 5.5 and 5.6): what may be in a token, in the value of a field and
// in a target; and comparisons that know no case.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::codec {

/// Bits of what a byte may be part of.
enum TextClass : std::uint8_t { kToken = 1, kValue = 2, kTarget = 4, kHost = 8 };

namespace detail {

constexpr std::array<std::uint8_t, 256> makeTextClasses() {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&classes](std::string_view bytes, std::uint8_t bits) {
    for (const char byte : bytes) {
      classes.at(static_cast<std::uint8_t>(byte)) |= bits;
    }
  };
  constexpr std::string_view kAlphanumeric =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (std::size_t byte = 0x21; byte < 0x100; ++byte) {
    if (byte != 0x7f) {
      classes.at(byte) |= kValue | kTarget;
    }
  }
  add(" \t", kValue);
  add(kAlphanumeric, kToken | kHost);
  add("!#$%&'*+-.^_`|~", kToken);
  // RFC 3986 3.2.2: of a registered name.
  add("-._~!$&'()*+,;=%", kHost);
  return classes;
}

inline constexpr std::array<std::uint8_t, 256> kTextClasses = makeTextClasses();

}  // namespace detail

/// Whether the byte may be part of that.
[[nodiscard]] constexpr bool isOf(char byte, TextClass of) noexcept {
  return (detail::kTextClasses[static_cast<std::uint8_t>(byte)] & of) != 0;
}

/// Whether every byte may be part of that.
[[nodiscard]] constexpr bool consistsOf(std::string_view text, TextClass of) noexcept {
  return std::ranges::all_of(text, [of](char byte) { return isOf(byte, of); });
}

[[nodiscard]] constexpr char lowerCase(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

/// Whether `text` is `lower` in any case of its letters; other bytes have none.
/// REQUIRES: `lower` is in lower case.
[[nodiscard]] bool equalsLower(std::string_view text, std::string_view lower) noexcept;

[[nodiscard]] constexpr bool isBlank(char byte) noexcept {
  return byte == ' ' || byte == '\t';
}

/// Without spaces and tabs at either end.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && isBlank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && isBlank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// The items of a list (RFC 9110 5.6.1), one after the other without the empty
/// ones; empty behind the last.
[[nodiscard]] constexpr std::string_view nextListItem(std::string_view& rest) noexcept {
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view item = trimmed(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (!item.empty()) {
      return item;
    }
  }
  return {};
}

}  // namespace weft::codec
