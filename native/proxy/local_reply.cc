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

constexpr std::array<std::pair<std::uint16_t, std::string_view>, 8> kReasons = {{
    {400, "Bad Request"},
    {408, "Request Timeout"},
    {431, "Request Header Fields Too Large"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

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
    case CloseReason::ConnectTimeout:
    case CloseReason::IdleTimeout:
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

void writeLocalReply(const LocalReply& reply, codec::H1Writer& writer) noexcept {
  const std::string_view word = telemetry::closeReasonName(reply.reason);
  const std::string_view start = reply.json ? kJsonStart : kTextStart;
  const std::string_view end = reply.json ? kJsonEnd : kTextEnd;
  writer.statusLine(reply.status, phraseOf(reply.status));
  writer.field("content-type", reply.json ? "application/json" : "text/plain; charset=utf-8");
  writer.field("content-length", start.size() + word.size() + end.size());
  if (reply.errorHeader) {
    writer.field("weft-error", word);
  }
  if (!reply.keepAlive) {
    writer.field("connection", "close");
  } else if (reply.minorVersion == 0) {
    writer.field("connection", "keep-alive");
  }
  writer.endFields();
  if (!reply.bodyless) {
    writer.text(start);
    writer.text(word);
    writer.text(end);
  }
}

}  // namespace weft::proxy
