#include "proxy/local_reply.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "codec/h1_field_reader.h"
#include "codec/h1_writer.h"
#include "codec/http_text.h"
#include "telemetry/close_reason.h"

namespace weft::proxy {

using telemetry::CloseReason;

namespace {

constexpr std::array<std::pair<std::uint16_t, std::string_view>, 20> kReasons = {{
    {200, "OK"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {408, "Request Timeout"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

/// RFC 9110 15.3.5: it has no body, and no length.
constexpr std::uint16_t kNoContent = 204;

constexpr std::string_view kJsonStart = R"({"error":")";
constexpr std::string_view kJsonEnd = "\"}\n";
constexpr std::string_view kTextStart = "weft: ";
constexpr std::string_view kTextEnd = "\n";

std::string_view phraseOf(std::uint16_t status) noexcept {
  for (const auto& [known, phrase] : kReasons) {
    if (known == status) {
      return phrase;
    }
  }
  return {};
}

}  // namespace

std::uint16_t localStatus(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::RequestInvalid:
      return 400;
    case CloseReason::RequestTimeout:
      return 408;
    case CloseReason::NoRoute:
      return 404;
    case CloseReason::RateLimited:
      return 429;
    case CloseReason::NoBackend:
      return 500;
    case CloseReason::ConnectTimeout:
    case CloseReason::IdleTimeout:
    case CloseReason::ResponseTimeout:
      return 504;
    case CloseReason::ConnectRefused:
    case CloseReason::ConnectFailed:
    case CloseReason::UpstreamReset:
    case CloseReason::UpstreamLost:
    case CloseReason::UpstreamClosed:
    case CloseReason::ResponseInvalid:
      return 502;
    default:
      return 503;
  }
}

bool wantsJson(const codec::H1Fields& fields) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (fields.at(index).name != codec::FieldName::Accept) {
      continue;
    }
    std::string_view rest = fields.value(index);
    for (std::string_view item = codec::nextListItem(rest); !item.empty();
         item = codec::nextListItem(rest)) {
      const std::string_view type = codec::trimmed(item.substr(0, item.find(';')));
      if (codec::equalsLower(type, "application/json") || type.ends_with("+json")) {
        return true;
      }
      if (type.starts_with("text/")) {
        return false;
      }
    }
  }
  return false;
}

std::size_t localReplyBytesMax(const LocalReply& reply) noexcept {
  constexpr std::size_t kOfAnother = 512;
  return kOfAnother + reply.location.size() + reply.contentType.size() +
         reply.body.value_or(std::string_view()).size();
}

void writeLocalReply(const LocalReply& reply, codec::H1Writer& writer) noexcept {
  const std::string_view word = telemetry::closeReasonName(reply.reason);
  const std::string_view usualType = reply.json ? "application/json" : "text/plain; charset=utf-8";
  std::array<std::string_view, 3> body{reply.json ? kJsonStart : kTextStart, word,
                                       reply.json ? kJsonEnd : kTextEnd};
  if (reply.body) {
    body = {*reply.body};
  }
  const std::size_t bytes = body[0].size() + body[1].size() + body[2].size();
  writer.statusLine(reply.status, phraseOf(reply.status));
  if (bytes > 0) {
    writer.field("content-type", reply.contentType.empty() ? usualType : reply.contentType);
  }
  if (reply.status != kNoContent) {
    writer.field("content-length", bytes);
  }
  if (!reply.location.empty()) {
    writer.field("location", reply.location);
  }
  if (reply.retryAfterS > 0) {
    writer.field("retry-after", reply.retryAfterS);
  }
  if (reply.errorHeader && reply.reason != CloseReason::Finished) {
    writer.field("weft-error", word);
  }
  if (!reply.keepAlive) {
    writer.field("connection", "close");
  } else if (reply.minorVersion == 0) {
    writer.field("connection", "keep-alive");
  }
  writer.endFields();
  if (!reply.bodyless && reply.status != kNoContent) {
    for (const std::string_view piece : body) {
      writer.text(piece);
    }
  }
}

}  // namespace weft::proxy
