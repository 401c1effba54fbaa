// What is wrong with a message of HTTP/1: the closed list of reasons for which one is refused and
// its connection closed, because another program might read it in another way.
#pragma once

#include <cstdint>
#include <string_view>

namespace weft::codec {

enum class H1Fault : std::uint8_t {
  None,
  // ---- lines, RFC 9112 2.2 and 5 ----
  BareLf,         ///< A line ends without CR.
  BareCr,         ///< A CR that no LF follows.
  HeadTooLong,    ///< More bytes than the limit; 431.
  TooManyFields,  ///< More fields than the limit; 431.
  ObsFold,        ///< A line of a field begins with white space.
  NoFieldName,    ///< A line has no colon, or nothing before it.
  SpaceBeforeColon,
  BadFieldName,   ///< Something else than a token.
  BadFieldValue,  ///< A control character; NUL among them.
  // ---- the first line, RFC 9112 3 and 4 ----
  BadMethod,
  BadTarget,
  BadVersion,
  UnknownVersion,  ///< Of HTTP, and neither 1.0 nor 1.1; 505.
  BadStatus,
  // ---- framing, RFC 9112 6 ----
  BadContentLength,        ///< No number, or one that is too large.
  ManyContentLengths,      ///< Twice, be they equal or not, or a list.
  LengthAndCoding,         ///< Content-Length beside Transfer-Encoding.
  UnknownTransferCoding,   ///< Something else than chunked alone; 501.
  CodingInOldVersion,      ///< Transfer-Encoding in HTTP/1.0.
  ConnectionNamesFraming,  ///< Connection names a field that says where a message goes or ends.
  // ---- Host, RFC 9112 3.2 ----
  NoHost,
  ManyHosts,
  BadHost,
  // ---- chunks, RFC 9112 7.1 ----
  BadChunkSize,
  ChunkTooLarge,
  BadChunkExtension,
  ChunkLineTooLong,
  NoChunkEnd,  ///< Something else than CRLF behind the bytes of a chunk.
  BadTrailer,  ///< A field that must not be one.
  Count,
};

/// 'obs_fold', for logs and metrics.
[[nodiscard]] std::string_view h1FaultName(H1Fault fault) noexcept;

/// The status with which a request is refused for it.
[[nodiscard]] std::uint16_t h1FaultStatus(H1Fault fault) noexcept;

}  // namespace weft::codec
