#include "codec/h1_host.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/http_text.h"

namespace weft::codec {

namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEFabcdef";
constexpr std::string_view kAddressBytes = "0123456789ABCDEFabcdef:.";

/// What begins with the first byte that can be in no name.
std::string_view behindName(std::string_view text) noexcept {
  std::size_t bytes = 0;
  for (const char byte : text) {
    if ((detail::kTextClasses[static_cast<std::uint8_t>(byte)] & kHost) == 0) {
      break;
    }
    ++bytes;
  }
  return text.substr(bytes);
}

/// RFC 3986 2.1: two digits behind each.
bool percentsAreWhole(std::string_view name) noexcept {
  for (std::size_t at = name.find('%'); at != std::string_view::npos; at = name.find('%', at + 1)) {
    const std::string_view digits = name.substr(at + 1, 2);
    if (digits.size() < 2 || digits.find_first_not_of(kHexDigits) != std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool isPort(std::string_view text) noexcept {
  return text.empty() ||
         (text.front() == ':' && text.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

/// `text` begins with a bracket.
bool isBracketed(std::string_view text) noexcept {
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos || !isPort(text.substr(end + 1))) {
    return false;
  }
  const std::string_view address = text.substr(1, end - 1);
  return address.find(':') != std::string_view::npos &&
         address.find_first_not_of(kAddressBytes) == std::string_view::npos;
}

}  // namespace

bool isHost(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    return isBracketed(text);
  }
  const std::string_view port = behindName(text);
  const std::string_view name = text.substr(0, text.size() - port.size());
  return !name.empty() && isPort(port) && percentsAreWhole(name);
}

}  // namespace weft::codec
