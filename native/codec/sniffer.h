// Sniffer: what a connection carries, from its first bytes: HTTP/1 by the request line, HTTP/2 by
// the preface, TLS by the ClientHello, else opaque. A pure function over the bytes that remembers
// how far it has looked: the same bytes give the same verdict however they are cut. No allocation.
// docs/protocols.md has the rules. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "codec/client_hello_reader.h"
#include "codec/request_line.h"

namespace weft::codec {

enum class Sniffed : std::uint8_t { NeedMore, Opaque, Http1, Http2, Tls };

/// What is not known after so many bytes is opaque. Request lines are as long as the header list
/// that HTTP/1 allows; a ClientHello of 16 KiB fits in, cut into records of a few bytes.
inline constexpr std::size_t kSniffBytesMax = 65'536;

class Sniffer {
 public:
  /// `held` is everything that came since the first byte, longer with each call. NeedMore only
  /// while more bytes can make it something else than opaque; anything else is the last word.
  [[nodiscard]] Sniffed advance(base::Bytes held) noexcept;

 private:
  RequestLine requestLine_;
  ClientHelloReader hello_;
  Sniffed verdict_ = Sniffed::NeedMore;
};

static_assert(sizeof(Sniffer) <= 96);

}  // namespace weft::codec
