// ClientHelloReader: whether bytes are a TLS ClientHello (RFC 8446 4.1.2), over any number of
// records and of calls: field by field with a few bytes of state, or at once when it came in one
// piece. What has no meaning here is skipped by its length. No allocation; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "codec/hello_format.h"

namespace weft::codec {

class ClientHello;

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
    /// What `mask` leaves out may be anything.
    void expect(std::uint8_t bytes, std::uint32_t min, std::uint32_t max,
                std::uint32_t mask = UINT32_MAX) noexcept;

    /// Takes what there is of it, and returns how many bytes that is.
    [[nodiscard]] std::size_t take(base::Bytes from) noexcept;

    /// False when nothing that can follow brings it into its range.
    [[nodiscard]] bool canFit() const noexcept;

    [[nodiscard]] bool whole() const noexcept { return bytesLeft_ == 0; }

    [[nodiscard]] std::uint32_t value() const noexcept { return value_; }

   private:
    std::uint32_t value_ = 0;
    std::uint32_t min_ = 0;
    std::uint32_t max_ = 0;
    std::uint32_t mask_ = 0;
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
    ExtensionHeader,
    ServerNameListLength,
    ServerNameTypeAndLength,
    AlpnListLength,
    AlpnNameLength,
    End,
  };

  /// Where skipped bytes go.
  enum class Into : std::uint8_t { Nowhere, ServerName, AlpnName };

  [[nodiscard]] bool readAtOnce(base::Bytes held) noexcept;
  [[nodiscard]] std::size_t readRecordHeader(base::Bytes rest) noexcept;
  [[nodiscard]] std::size_t readMessage(base::Bytes rest) noexcept;
  [[nodiscard]] bool finishNumber() noexcept;
  [[nodiscard]] bool finishHead(std::uint32_t value) noexcept;
  [[nodiscard]] bool startExtension(std::uint32_t type, std::uint32_t bytes) noexcept;
  [[nodiscard]] bool finishExtension(std::uint32_t value) noexcept;
  void expect(Step step, std::uint8_t bytes, std::uint32_t min, std::uint32_t max) noexcept;
  [[nodiscard]] bool expectExtension() noexcept;
  void skip(std::uint32_t bytes, Into into = Into::Nowhere) noexcept;
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
  Step step_ = Step::Start;
  RecordStep recordStep_ = RecordStep::TypeAndVersion;
  Into into_ = Into::Nowhere;
  bool serverNameSeen_ = false;
  bool alpnSeen_ = false;
};

}  // namespace weft::codec
