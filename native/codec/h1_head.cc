#include "codec/h1_head.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "codec/byte_scan.h"
#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"
#include "codec/http_text.h"

namespace weft::codec {

namespace {

constexpr std::size_t kVersionBytes = 8;
constexpr std::size_t kStatusBytes = 3;

constexpr bool isDigit(char byte) noexcept {
  return byte >= '0' && byte <= '9';
}

/// 'HTTP/1.0' and 'HTTP/1.1'. Names are matched with their case (RFC 9112 2.3).
H1Fault readVersion(std::string_view text, H1Head& head) noexcept {
  if (text.size() != kVersionBytes || !text.starts_with("HTTP/") || !isDigit(text[5]) ||
      text[6] != '.' || !isDigit(text[7])) {
    return H1Fault::BadVersion;
  }
  if (text[5] != '1' || text[7] > '1') {
    return H1Fault::UnknownVersion;
  }
  head.minorVersion = static_cast<std::uint8_t>(text[7] - '0');
  return H1Fault::None;
}

/// The method, one space, the target, one space, the version.
H1Fault readRequestLine(std::string_view held, std::string_view line, std::uint32_t lineAt,
                        H1Head& head) noexcept {
  const std::size_t first = tokenBytes(held, lineAt);
  if (first == 0 || (first < line.size() && line[first] != ' ')) {
    return H1Fault::BadMethod;
  }
  if (first == line.size()) {
    return H1Fault::BadTarget;
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view rest = line.substr(first + 1);
  const std::size_t second = rest.find(' ');
  const std::string_view target = rest.substr(0, second);
  if (target.empty() || !isTarget(held, lineAt + first + 1, target.size())) {
    return H1Fault::BadTarget;
  }
  if (second == std::string_view::npos) {
    return H1Fault::BadVersion;
  }
  head.method = {.at = lineAt, .bytes = static_cast<std::uint32_t>(method.size())};
  head.target = {.at = static_cast<std::uint32_t>(lineAt + first + 1),
                 .bytes = static_cast<std::uint32_t>(target.size())};
  return readVersion(rest.substr(second + 1), head);
}

/// The version, one space, three digits, and then nothing or a space and the reason.
H1Fault readStatusLine(std::string_view line, std::uint32_t lineAt, H1Head& head) noexcept {
  if (const H1Fault fault = readVersion(line.substr(0, kVersionBytes), head);
      fault != H1Fault::None) {
    return fault;
  }
  const std::string_view rest = line.substr(kVersionBytes);
  if (rest.size() < 1 + kStatusBytes || rest[0] != ' ' || rest[1] < '1' || !isDigit(rest[1]) ||
      !isDigit(rest[2]) || !isDigit(rest[3])) {
    return H1Fault::BadStatus;
  }
  head.status =
      static_cast<std::uint16_t>((rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0'));
  const std::string_view behind = rest.substr(1 + kStatusBytes);
  if (behind.empty()) {
    head.reason = {};
    return H1Fault::None;
  }
  if (behind[0] != ' ' || !consistsOf(behind, kValue)) {
    return H1Fault::BadStatus;
  }
  head.reason = {.at = static_cast<std::uint32_t>(lineAt + line.size() - behind.size() + 1),
                 .bytes = static_cast<std::uint32_t>(behind.size() - 1)};
  return H1Fault::None;
}

}  // namespace

H1Read H1HeadReader::advance(std::string_view held, H1Head& head) noexcept {
  if (!inFields_) {
    const H1Read read = readFirstLine(held, head);
    if (read != H1Read::Whole) {
      return read;
    }
    inFields_ = true;
  }
  const H1Read read = fields_.advance(held, lines_, head.fields);
  if (read == H1Read::Whole) {
    head.fieldCount = fields_.count();
    head.bytes = lines_.lineAt();
  }
  fault_ = fields_.fault();
  return read;
}

H1Read H1HeadReader::readFirstLine(std::string_view held, H1Head& head) noexcept {
  for (;;) {
    const std::uint32_t lineAt = lines_.lineAt();
    std::string_view line;
    const H1Read read = lines_.next(held, limits_.headBytesMax, line);
    if (read != H1Read::Whole) {
      fault_ = lines_.fault();
      return read;
    }
    if (line.empty() && kind_ == H1Kind::Request && !std::exchange(emptyLineSeen_, true)) {
      continue;
    }
    fault_ = kind_ == H1Kind::Request ? readRequestLine(held, line, lineAt, head)
                                      : readStatusLine(line, lineAt, head);
    if (fault_ == H1Fault::None) {
      return H1Read::Whole;
    }
    fault_ = orBareCr(fault_, line);
    return H1Read::Bad;
  }
}

}  // namespace weft::codec
