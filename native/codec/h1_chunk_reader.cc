#include "codec/h1_chunk_reader.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

#include "codec/byte_scan.h"
#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"
#include "codec/http_text.h"

namespace weft::codec {

namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEFabcdef";
constexpr std::string_view kLineEnd = "\r\n";

/// More digits, of which the first are zeros, are another way to write less.
constexpr std::size_t kSizeDigitsMax = 16;

/// REQUIRES: hexadecimal digits.
H1Fault readNumber(std::string_view digits, std::uint64_t& number) noexcept {
  if (digits.empty()) {
    return H1Fault::BadChunkSize;
  }
  if (digits.size() > kSizeDigitsMax) {
    return H1Fault::ChunkTooLarge;
  }
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number, 16);
  return error == std::errc() && number <= INT64_MAX ? H1Fault::None : H1Fault::ChunkTooLarge;
}

void skipBlanks(std::string_view& rest) noexcept {
  while (!rest.empty() && isBlank(rest.front())) {
    rest.remove_prefix(1);
  }
}

bool takeToken(std::string_view& rest) noexcept {
  const std::size_t bytes = tokenBytes(rest, 0);
  rest.remove_prefix(bytes);
  return bytes > 0;
}

/// RFC 9110 5.6.4. `rest` begins with the quote.
bool takeQuoted(std::string_view& rest) noexcept {
  bool escaped = false;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    const char byte = rest[at];
    if (!consistsOf(rest.substr(at, 1), kValue)) {
      return false;
    }
    if (byte == '"' && !escaped) {
      rest.remove_prefix(at + 1);
      return true;
    }
    escaped = byte == '\\' && !escaped;
  }
  return false;
}

/// A name, and a value or none. `rest` begins behind the semicolon.
bool takeExtension(std::string_view& rest) noexcept {
  skipBlanks(rest);
  if (!takeToken(rest)) {
    return false;
  }
  std::string_view value = rest;
  skipBlanks(value);
  if (!value.starts_with('=')) {
    return true;
  }
  value.remove_prefix(1);
  skipBlanks(value);
  rest = value;
  return rest.starts_with('"') ? takeQuoted(rest) : takeToken(rest);
}

/// Behind the size: nothing, or extensions (RFC 9112 7.1.1). They are left out; what is none may
/// be a part of the body to whoever stands before us.
H1Fault checkExtensions(std::string_view text) noexcept {
  std::string_view rest = text;
  while (!rest.empty()) {
    const bool isFirst = rest.size() == text.size();
    skipBlanks(rest);
    if (!rest.starts_with(';')) {
      return isFirst ? H1Fault::BadChunkSize : H1Fault::BadChunkExtension;
    }
    rest.remove_prefix(1);
    if (!takeExtension(rest)) {
      return H1Fault::BadChunkExtension;
    }
  }
  return H1Fault::None;
}

}  // namespace

H1Trailers trailersOf(std::string_view section, std::span<H1Field> fields) noexcept {
  H1Lines lines;
  H1FieldReader reader({.headBytesMax = UINT32_MAX, .fieldsMax = UINT32_MAX});
  if (reader.advance(section, lines, fields) != H1Read::Whole) {
    return {};
  }
  return {.held = section,
          .fields = fields.first(reader.count()),
          .linesEnd = section.size() - kLineEnd.size()};
}

H1ChunkStep H1ChunkReader::refuse(H1Fault fault) noexcept {
  fault_ = fault;
  return {.event = H1ChunkEvent::Bad};
}

H1ChunkStep H1ChunkReader::advance(std::string_view held, std::span<H1Field> fields) noexcept {
  switch (state_) {
    case State::Size:
      return readSize(held);
    case State::Data:
      break;
    case State::DataEnd:
      return readDataEnd(held);
    case State::Trailers:
      return readTrailers(held, fields);
  }
  if (left_ == 0) {
    state_ = State::DataEnd;
    return readDataEnd(held);
  }
  const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(left_, held.size()));
  if (bytes == 0) {
    return {};
  }
  left_ -= bytes;
  return {.event = H1ChunkEvent::Data, .bytes = bytes};
}

H1ChunkStep H1ChunkReader::readSize(std::string_view held) noexcept {
  std::string_view line;
  const H1Read read = sizeLine_.next(held, kChunkLineBytesMax, line);
  if (read == H1Read::NeedMore) {
    return {};
  }
  if (read == H1Read::Bad) {
    const H1Fault fault = sizeLine_.fault();
    return refuse(fault == H1Fault::HeadTooLong ? H1Fault::ChunkLineTooLong : fault);
  }
  const std::string_view digits = line.substr(0, line.find_first_not_of(kHexDigits));
  if (const H1Fault fault = readNumber(digits, left_); fault != H1Fault::None) {
    return refuse(orBareCr(fault, line));
  }
  if (const H1Fault fault = checkExtensions(line.substr(digits.size())); fault != H1Fault::None) {
    return refuse(orBareCr(fault, line));
  }
  const std::size_t bytes = sizeLine_.lineAt();
  sizeLine_ = {};
  state_ = left_ == 0 ? State::Trailers : State::Data;
  return {.event = H1ChunkEvent::Passed, .bytes = bytes};
}

H1ChunkStep H1ChunkReader::readDataEnd(std::string_view held) noexcept {
  const std::string_view end = held.substr(0, kLineEnd.size());
  if (!kLineEnd.starts_with(end)) {
    return refuse(H1Fault::NoChunkEnd);
  }
  if (end.size() < kLineEnd.size()) {
    return {};
  }
  state_ = State::Size;
  return {.event = H1ChunkEvent::Passed, .bytes = kLineEnd.size()};
}

H1ChunkStep H1ChunkReader::readTrailers(std::string_view held, std::span<H1Field> fields) noexcept {
  const std::uint32_t known = trailers_.count();
  const H1Read read = trailers_.advance(held, trailerLines_, fields);
  // Before what comes behind it is judged, whatever the cut.
  for (const H1Field& field : fields.first(trailers_.count()).subspan(known)) {
    if (field.name != FieldName::Other && field.name != FieldName::Accept) {
      return refuse(H1Fault::BadTrailer);
    }
  }
  if (read == H1Read::Bad) {
    return refuse(trailers_.fault());
  }
  if (read == H1Read::NeedMore) {
    return {};
  }
  return {.event = H1ChunkEvent::End, .bytes = trailerLines_.lineAt()};
}

}  // namespace weft::codec
