// Address: an IP and port, or the path of a unix socket, as a value that can be parsed, printed and
// compared. Makes no system call. Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weft::base {

enum class AddressFamily : std::uint8_t { Ipv4, Ipv6, Unix };

class Address {
 public:
  /// sun_path has 108 bytes and ends in a zero.
  static constexpr std::size_t kUnixPathBytesMax = 107;

  Address() = default;

  /// '127.0.0.1:80', '[::1]:80', '[fe80::1%2]:80' (numeric scope), 'unix:/run/app.sock'. Port 0 to
  /// 65535.
  [[nodiscard]] static Result<Address> parse(std::string_view text);

  [[nodiscard]] static Address ipv4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept;
  [[nodiscard]] static Address ipv6(std::array<std::uint8_t, 16> bytes, std::uint16_t port,
                                    std::uint32_t scope) noexcept;
  /// REQUIRES: path.size() <= kUnixPathBytesMax. An unnamed socket has an empty path.
  [[nodiscard]] static Address unixPath(std::string_view path);

  [[nodiscard]] AddressFamily family() const noexcept { return family_; }

  /// Four or sixteen bytes in network order; the first four for IPv4. Zero for unix.
  [[nodiscard]] const std::array<std::uint8_t, 16>& ip() const noexcept { return ip_; }

  /// 0 for unix.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  [[nodiscard]] std::uint32_t scope() const noexcept { return scope_; }

  /// Empty unless unix.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Canonical: parse(toString()) gives an equal address.
  [[nodiscard]] std::string toString() const;

  /// Of the IP alone, without brackets; an IPv4 address that is mapped into IPv6 is itself. Empty
  /// for unix.
  [[nodiscard]] std::string hostText() const;

  friend bool operator==(const Address&, const Address&) = default;

 private:
  std::string path_;
  std::array<std::uint8_t, 16> ip_{};
  std::uint32_t scope_ = 0;
  std::uint16_t port_ = 0;
  AddressFamily family_ = AddressFamily::Ipv4;
};

}  // namespace weft::base
