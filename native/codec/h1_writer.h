// H1Writer: heads, trailers and chunks of HTTP/1 (RFC 9112). The lines of a head that was read go
// on as they came, but for those that are left out. Writes into memory of the caller, and never
// beyond it. No allocation; any thread.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "codec/h1_field_reader.h"

namespace weft::codec {

/// By the index of the field.
using FieldBits = std::bitset<kH1FieldsMax>;

/// The size of a chunk in hexadecimal, and its line end.
inline constexpr std::size_t kChunkSizeBytesMax = 16 + 2;
inline constexpr std::size_t kLineEndBytes = 2;

/// Of the connection alone (RFC 9110 7.6.1): what is not passed on, with all that Connection names.
void markHopByHop(const H1Fields& fields, FieldBits& marked) noexcept;

class H1Writer {
 public:
  explicit H1Writer(base::MutableBytes into) noexcept : into_(into) {}

  /// 'GET /path HTTP/1.1'. `slash`: one goes before the path.
  void requestLine(std::string_view method, std::string_view path, bool slash = false) noexcept;

  /// 'HTTP/1.1 200 OK'.
  void statusLine(std::uint16_t status, std::string_view reason) noexcept;

  /// All but those left out. `held` holds their lines, which end at `linesEnd`.
  void fields(std::string_view held, std::span<const H1Field> fields, std::size_t linesEnd,
              const FieldBits& leftOut) noexcept;

  /// REQUIRES: a token, and a value without control characters.
  void field(std::string_view name, std::string_view value) noexcept;
  void field(std::string_view name, std::uint64_t value) noexcept;

  /// The empty line that ends a head or a trailer section.
  void endFields() noexcept { text("\r\n"); }

  /// The line before the bytes of a chunk. REQUIRES: bytes > 0.
  void chunkSize(std::uint64_t bytes) noexcept;

  /// Behind the bytes of a chunk.
  void chunkEnd() noexcept { text("\r\n"); }

  /// Trailers and endFields() follow.
  void lastChunk() noexcept { text("0\r\n"); }

  void text(std::string_view written) noexcept { bytes(base::bytesOf(written)); }

  void bytes(base::Bytes written) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// There was no room; what was written means nothing.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  void number(std::uint64_t value, int base) noexcept;

  base::MutableBytes into_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
};

}  // namespace weft::codec
