#include "base/address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"

namespace weft::base {

namespace {

constexpr std::string_view kUnixPrefix = "unix:";

// Their own header has socket calls, which this room must not see; arpa/inet.h brings them along.
// NOLINTBEGIN(misc-include-cleaner)
constexpr int kIpv4Family = AF_INET;
constexpr int kIpv6Family = AF_INET6;
using TextLength = socklen_t;

// NOLINTEND(misc-include-cleaner)

Error badAddress(const char* text) {
  return Error{.text = text, .code = ErrorCode::BadAddress, .side = Side::Internal};
}

template <typename Number>
bool parseNumber(std::string_view text, Number& number) {
  if (text.empty()) {
    return false;
  }
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc{} && stop == end;
}

Result<Address> parseIpv6(std::string_view host, std::uint16_t port) {
  std::uint32_t scope = 0;
  if (const auto percent = host.find('%'); percent != std::string_view::npos) {
    if (!parseNumber(host.substr(percent + 1), scope)) {
      return badAddress("the scope of an IPv6 address must be a number");
    }
    host = host.substr(0, percent);
  }
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(kIpv6Family, std::string(host).c_str(), bytes.data()) != 1) {
    return badAddress("not an IPv6 address");
  }
  return Address::ipv6(bytes, port, scope);
}

std::string ipText(AddressFamily family, const std::array<std::uint8_t, 16>& ip) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int kind = family == AddressFamily::Ipv4 ? kIpv4Family : kIpv6Family;
  inet_ntop(kind, ip.data(), text.data(), static_cast<TextLength>(text.size()));
  return {text.data()};
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) {
    const std::string_view path = text.substr(kUnixPrefix.size());
    if (path.empty() || path.size() > kUnixPathBytesMax ||
        path.find('\0') != std::string_view::npos) {
      return badAddress("the path of a unix socket has 1 to 107 bytes");
    }
    return unixPath(path);
  }
  if (text.find('\0') != std::string_view::npos) {
    return badAddress("an address has no zero byte");
  }
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string_view::npos || !parseNumber(text.substr(colon + 1), port)) {
    return badAddress("expected host:port with a port of 0 to 65535");
  }
  const std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    return parseIpv6(host.substr(1, host.size() - 2), port);
  }
  std::array<std::uint8_t, 4> bytes{};
  if (inet_pton(kIpv4Family, std::string(host).c_str(), bytes.data()) != 1) {
    return badAddress("not an IPv4 address");
  }
  return ipv4(bytes, port);
}

Address Address::ipv4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept {
  Address address;
  std::copy(bytes.begin(), bytes.end(), address.ip_.begin());
  address.port_ = port;
  address.family_ = AddressFamily::Ipv4;
  return address;
}

Address Address::ipv6(std::array<std::uint8_t, 16> bytes, std::uint16_t port,
                      std::uint32_t scope) noexcept {
  Address address;
  address.ip_ = bytes;
  address.port_ = port;
  address.scope_ = scope;
  address.family_ = AddressFamily::Ipv6;
  return address;
}

Address Address::unixPath(std::string_view path) {
  WEFT_CHECK(path.size() <= kUnixPathBytesMax);
  Address address;
  address.path_ = path;
  address.family_ = AddressFamily::Unix;
  return address;
}

std::string Address::hostText() const {
  if (family_ == AddressFamily::Unix) {
    return {};
  }
  constexpr std::string_view kMapped = "::ffff:";
  const std::string text = ipText(family_, ip_);
  const bool mapped = text.starts_with(kMapped) && text.find('.') != std::string::npos;
  return mapped ? text.substr(kMapped.size()) : text;
}

std::string Address::toString() const {
  if (family_ == AddressFamily::Unix) {
    return std::string(kUnixPrefix) + path_;
  }
  std::string host = ipText(family_, ip_);
  if (family_ == AddressFamily::Ipv6) {
    if (scope_ != 0) {
      host += '%' + std::to_string(scope_);
    }
    host = '[' + host + ']';
  }
  return host + ':' + std::to_string(port_);
}

}  // namespace weft::base
