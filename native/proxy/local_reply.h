// Answers that the proxy writes itself, to requests that it cannot or must not pass on. No
// allocation; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "codec/h1_field_reader.h"
#include "codec/h1_writer.h"
#include "telemetry/close_reason.h"

namespace weft::proxy {

/// What the answer says, and in which form it is wanted.
struct LocalReply {
  std::uint16_t status = 0;
  telemetry::CloseReason reason = telemetry::CloseReason::Finished;
  bool json = false;
  bool bodyless = false;  ///< To HEAD.
  bool errorHeader = true;
  bool keepAlive = false;
  std::uint8_t minorVersion = 1;  ///< Of who gets it.
  std::string_view location{};    ///< Of a redirect.
  std::uint32_t retryAfterS = 0;  ///< 0: says nothing of it.
  std::string_view contentType{};
  std::optional<std::string_view> body{};  ///< In place of a word for the reason.
};

/// Memory that is enough for it.
[[nodiscard]] std::size_t localReplyBytesMax(const LocalReply& reply) noexcept;

/// The status for what ended a request before its response had begun.
[[nodiscard]] std::uint16_t localStatus(telemetry::CloseReason reason) noexcept;

/// Whether a request wants JSON rather than text (RFC 9110 12.5.1).
[[nodiscard]] bool wantsJson(const codec::H1Fields& fields) noexcept;

void writeLocalReply(const LocalReply& reply, codec::H1Writer& writer) noexcept;

}  // namespace weft::proxy
