// The names in a TLS ClientHello (RFC 8446 4.1.2), read without TLS: SNI and ALPN. Copies, because
// records can cut through them. No allocation; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace weft::codec {

/// The names of an ALPN list in the client's order, as a range of std::string_view.
class AlpnNames {
 public:
  class Iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;

    explicit Iterator(std::string_view list) noexcept : list_(list) {}

    [[nodiscard]] std::string_view operator*() const noexcept { return list_.substr(1, size()); }

    Iterator& operator++() noexcept {
      list_.remove_prefix(1 + size());
      return *this;
    }

    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++*this;
      return before;
    }

    friend bool operator==(const Iterator& one, const Iterator& other) noexcept {
      return one.list_.size() == other.list_.size();
    }

    friend bool operator==(const Iterator& one, std::default_sentinel_t) noexcept {
      return one.list_.empty();
    }

   private:
    [[nodiscard]] std::size_t size() const noexcept {
      return static_cast<std::uint8_t>(list_.front());
    }

    std::string_view list_;
  };

  explicit AlpnNames(std::string_view list) noexcept : list_(list) {}

  [[nodiscard]] Iterator begin() const noexcept { return Iterator(list_); }

  [[nodiscard]] std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }

 private:
  std::string_view list_;  ///< Each name after its length in one byte.
};

class ClientHello {
 public:
  static constexpr std::size_t kServerNameBytesMax = 255;
  static constexpr std::size_t kAlpnBytesMax = 1024;

  /// For bytes of which the sniffer says Tls; nothing for others.
  [[nodiscard]] static std::optional<ClientHello> parse(base::Bytes held) noexcept;

  /// In lower case, without a dot at the end. Empty when the client sent none, and when it sent
  /// something that is no host name (RFC 6066 3).
  [[nodiscard]] std::string_view serverName() const noexcept {
    return {serverName_.data(), serverNameBytes_};
  }

  /// Names from the one with which the list exceeds kAlpnBytesMax on are left out.
  [[nodiscard]] AlpnNames alpn() const noexcept { return AlpnNames({alpn_.data(), alpnBytes_}); }

 private:
  friend class ClientHelloReader;

  ClientHello() noexcept = default;

  void startServerName(std::size_t bytes) noexcept;
  void addServerName(base::Bytes bytes) noexcept;
  void startAlpnName(std::size_t bytes) noexcept;
  void addAlpnName(base::Bytes bytes) noexcept;
  void finish() noexcept;

  // Not initialised: only the bytes that are counted are read.
  std::array<char, kServerNameBytesMax> serverName_;
  std::array<char, kAlpnBytesMax> alpn_;
  std::uint16_t serverNameBytes_ = 0;
  std::uint16_t alpnBytes_ = 0;
  bool serverNameBad_ = false;
  bool alpnFull_ = false;
};

}  // namespace weft::codec
