// The names in a TLS ClientHello (RFC 8446 4.1.2), read without TLS: SNI and ALPN. The reader walks
// the hello field by field, over any number of records and of calls, with a few bytes of state and
// no allocation; what lies between is skipped by its length. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace weft::codec {

/// Of the handshake message with its header. Post-quantum key shares take 1.2 to 2 KiB, session
/// tickets some more.
inline constexpr std::size_t kClientHelloBytesMax = 16'384;

/// The first byte of a record that can hold a ClientHello.
inline constexpr std::byte kHandshakeRecord{22};

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

/// Copies of the names, because records can cut through them.
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

class ClientHelloReader {
 public:
  enum class Verdict : std::uint8_t { NeedMore, Malformed, Whole };

  /// `names`, when given, gets the names on the way; it must outlive the reader.
  explicit ClientHelloReader(ClientHello* names = nullptr) noexcept : names_(names) {}

  /// `held` is everything since the first byte, longer with each call. Not again after Malformed.
  [[nodiscard]] Verdict advance(base::Bytes held) noexcept;

 private:
  /// A big-endian number that may come in parts.
  class Number {
   public:
    void expect(std::uint8_t bytes, std::uint32_t min, std::uint32_t max) noexcept;

    /// Takes what there is. False when no rest can bring it into its range any more.
    [[nodiscard]] bool take(base::Bytes& from) noexcept;

    [[nodiscard]] bool whole() const noexcept { return bytesLeft_ == 0; }

    [[nodiscard]] std::uint32_t value() const noexcept { return value_; }

   private:
    std::uint32_t value_ = 0;
    std::uint32_t min_ = 0;
    std::uint32_t max_ = 0;
    std::uint8_t bytesLeft_ = 0;
  };

  enum class RecordStep : std::uint8_t { TypeAndVersion, Length };

  /// The number that comes after what is skipped.
  enum class Step : std::uint8_t {
    Start,
    MessageHeader,
    Version,
    SessionIdLength,
    CipherSuitesLength,
    CompressionLength,
    ExtensionsLength,
    ExtensionType,
    ExtensionLength,
    ServerNameListLength,
    ServerNameType,
    ServerNameLength,
    AlpnListLength,
    AlpnNameLength,
    End,
  };

  /// Where skipped bytes go.
  enum class Into : std::uint8_t { Nowhere, ServerName, AlpnName };

  [[nodiscard]] bool readRecordHeader(base::Bytes& rest) noexcept;
  [[nodiscard]] bool finishNumber() noexcept;
  [[nodiscard]] bool finishHead(std::uint32_t value) noexcept;
  [[nodiscard]] bool finishExtension(std::uint32_t value) noexcept;
  void expect(Step step, std::uint8_t bytes, std::uint32_t min, std::uint32_t max) noexcept;
  [[nodiscard]] bool expectExtension() noexcept;
  void skip(std::size_t bytes, Into into = Into::Nowhere) noexcept;
  void deliver(base::Bytes bytes) noexcept;

  [[nodiscard]] std::uint32_t left() const noexcept { return messageLeft_ - skip_; }

  ClientHello* names_;
  Number number_;        ///< Of the message.
  Number recordNumber_;  ///< Of a record's header, which may come within a number of the message.
  std::uint32_t position_ = 0;                        ///< In what is held.
  std::uint32_t recordLeft_ = 0;                      ///< Bytes of the record that come now.
  std::uint32_t messageLeft_ = kClientHelloBytesMax;  ///< Bytes of the message.
  std::uint32_t skip_ = 0;                            ///< Bytes before the next number.
  std::uint32_t listLeft_ = 0;                        ///< Bytes of the ALPN list.
  std::uint16_t extensionType_ = 0;
  Step step_ = Step::Start;
  RecordStep recordStep_ = RecordStep::TypeAndVersion;
  Into into_ = Into::Nowhere;
  bool serverNameSeen_ = false;
  bool alpnSeen_ = false;
};

}  // namespace weft::codec
