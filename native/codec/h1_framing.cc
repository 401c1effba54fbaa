#include "codec/h1_framing.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_head.h"
#include "codec/h1_host.h"
#include "codec/http_text.h"

namespace weft::codec {

namespace {

constexpr std::uint16_t kSwitchingProtocols = 101;
constexpr std::uint16_t kNoContent = 204;
constexpr std::uint16_t kNotModified = 304;

/// What the fields say, before what follows from it.
struct Said {
  std::uint32_t lengths = 0;
  std::uint32_t codings = 0;
  std::uint32_t hosts = 0;
  std::string_view length;
  std::string_view coding;
  std::string_view host;
  bool close = false;
  bool keepAlive = false;
  bool connectionUpgrade = false;
  bool upgrade = false;
  bool expectContinue = false;
};

H1Fault readConnection(std::string_view value, Said& said) noexcept {
  for (std::string_view item = nextListItem(value); !item.empty(); item = nextListItem(value)) {
    switch (fieldNameOf(item)) {
      case FieldName::Host:
      case FieldName::ContentLength:
      case FieldName::TransferEncoding:
        return H1Fault::ConnectionNamesFraming;
      case FieldName::Upgrade:
        said.connectionUpgrade = true;
        break;
      case FieldName::KeepAlive:
        said.keepAlive = true;
        break;
      default:
        said.close = said.close || equalsLower(item, "close");
    }
  }
  return H1Fault::None;
}

H1Fault readField(FieldName name, std::string_view value, Said& said) noexcept {
  switch (name) {
    case FieldName::ContentLength:
      ++said.lengths;
      said.length = value;
      break;
    case FieldName::TransferEncoding:
      ++said.codings;
      said.coding = value;
      break;
    case FieldName::Host:
      ++said.hosts;
      said.host = value;
      break;
    case FieldName::Connection:
      return readConnection(value, said);
    case FieldName::Upgrade:
      said.upgrade = said.upgrade || !value.empty();
      break;
    case FieldName::Expect:
      said.expectContinue = said.expectContinue || equalsLower(value, "100-continue");
      break;
    default:
      break;
  }
  return H1Fault::None;
}

H1Fault readFields(const H1Fields& fields, Said& said) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const FieldName name = fields.at(index).name;
    if (name == FieldName::Other) {
      continue;
    }
    if (const H1Fault fault = readField(name, fields.value(index), said); fault != H1Fault::None) {
      return fault;
    }
  }
  return H1Fault::None;
}

/// Of what says how long the body is; None where nothing does.
H1Fault readBody(const Said& said, std::uint8_t minorVersion, H1Framing& framing) noexcept {
  if (said.codings > 0) {
    if (said.lengths > 0) {
      return H1Fault::LengthAndCoding;
    }
    if (minorVersion == 0) {
      return H1Fault::CodingInOldVersion;
    }
    if (said.codings > 1 || !equalsLower(said.coding, "chunked")) {
      return H1Fault::UnknownTransferCoding;
    }
    framing.body = H1Body::Chunked;
    return H1Fault::None;
  }
  if (said.lengths == 0) {
    return H1Fault::None;
  }
  if (said.lengths > 1 || said.length.find(',') != std::string_view::npos) {
    return H1Fault::ManyContentLengths;
  }
  std::int64_t length = 0;
  const auto [end, error] = std::from_chars(said.length.begin(), said.length.end(), length);
  if (error != std::errc() || end != said.length.end() || said.length.starts_with('-')) {
    return H1Fault::BadContentLength;
  }
  framing.body = length == 0 ? H1Body::None : H1Body::Length;
  framing.length = static_cast<std::uint64_t>(length);
  framing.lengthGiven = true;
  return H1Fault::None;
}

/// What holds for requests and responses alike.
H1Fault readHead(std::string_view held, const H1Head& head, Said& said,
                 H1Framing& framing) noexcept {
  framing = {};
  if (const H1Fault fault = readFields(head.fieldsIn(held), said); fault != H1Fault::None) {
    return fault;
  }
  const bool old = head.minorVersion == 0;
  framing.keepAlive = !said.close && (!old || said.keepAlive);
  framing.upgrade = !old && said.upgrade && said.connectionUpgrade;
  return readBody(said, head.minorVersion, framing);
}

/// RFC 9112 3.2: one in each request of 1.1, and never more. Of http and https none is empty (RFC
/// 9110 4.2.1).
H1Fault checkHost(const Said& said, std::uint8_t minorVersion) noexcept {
  if (said.hosts > 1) {
    return H1Fault::ManyHosts;
  }
  if (said.hosts == 0) {
    return minorVersion > 0 ? H1Fault::NoHost : H1Fault::None;
  }
  return isHost(said.host) ? H1Fault::None : H1Fault::BadHost;
}

}  // namespace

H1Method h1MethodOf(std::string_view method) noexcept {
  if (method == "HEAD") {
    return H1Method::Head;
  }
  return method == "CONNECT" ? H1Method::Connect : H1Method::Other;
}

H1Fault readRequestFraming(std::string_view held, const H1Head& head, H1Framing& framing) noexcept {
  Said said;
  if (const H1Fault fault = readHead(held, head, said, framing); fault != H1Fault::None) {
    return fault;
  }
  framing.expectContinue =
      said.expectContinue && head.minorVersion > 0 && framing.body != H1Body::None;
  return checkHost(said, head.minorVersion);
}

H1Fault readResponseFraming(std::string_view held, const H1Head& head, H1Method answered,
                            H1Framing& framing) noexcept {
  Said said;
  if (const H1Fault fault = readHead(held, head, said, framing); fault != H1Fault::None) {
    return fault;
  }
  const bool isSuccess = head.status >= 200 && head.status < 300;
  if (head.status == kSwitchingProtocols || (answered == H1Method::Connect && isSuccess)) {
    framing.body = H1Body::Tunnel;
    framing.keepAlive = false;
  } else if (answered == H1Method::Head || head.status < 200 || head.status == kNoContent ||
             head.status == kNotModified) {
    framing.body = H1Body::None;
  } else if (said.lengths == 0 && said.codings == 0) {
    framing.body = H1Body::UntilClose;
    framing.keepAlive = false;
  }
  return H1Fault::None;
}

}  // namespace weft::codec
