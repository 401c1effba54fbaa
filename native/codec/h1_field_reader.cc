#include "codec/h1_field_reader.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "codec/h1_fault.h"
#include "codec/http_text.h"

namespace weft::codec {

namespace {

constexpr std::array<std::pair<std::string_view, FieldName>, 10> kNames = {{
    {"connection", FieldName::Connection},
    {"content-length", FieldName::ContentLength},
    {"expect", FieldName::Expect},
    {"host", FieldName::Host},
    {"keep-alive", FieldName::KeepAlive},
    {"proxy-connection", FieldName::ProxyConnection},
    {"te", FieldName::Te},
    {"trailer", FieldName::Trailer},
    {"transfer-encoding", FieldName::TransferEncoding},
    {"upgrade", FieldName::Upgrade},
}};

constexpr bool isBlank(char byte) noexcept {
  return byte == ' ' || byte == '\t';
}

/// Why what stands before the colon is no name.
H1Fault nameFault(std::string_view name) noexcept {
  if (name.empty()) {
    return H1Fault::NoFieldName;
  }
  if (consistsOf(name, kToken)) {
    return H1Fault::None;
  }
  return isBlank(name.back()) ? H1Fault::SpaceBeforeColon : H1Fault::BadFieldName;
}

}  // namespace

FieldName fieldNameOf(std::string_view name) noexcept {
  const auto* const found = std::ranges::find_if(
      kNames, [name](const auto& entry) { return equalsLower(name, entry.first); });
  return found == kNames.end() ? FieldName::Other : found->second;
}

// ---- lines ----

H1Read H1Lines::refuse(H1Fault fault) noexcept {
  fault_ = fault;
  return H1Read::Bad;
}

H1Read H1Lines::next(std::string_view held, std::uint32_t bytesMax,
                     std::string_view& line) noexcept {
  const std::string_view allowed = held.substr(0, bytesMax);
  const std::size_t end = allowed.find('\n', lookedAt_);
  if (end == std::string_view::npos) {
    lookedAt_ = static_cast<std::uint32_t>(allowed.size());
    return held.size() >= bytesMax ? refuse(H1Fault::HeadTooLong) : H1Read::NeedMore;
  }
  const std::string_view whole = allowed.substr(lineAt_, end - lineAt_);
  if (!whole.ends_with('\r')) {
    return refuse(H1Fault::BareLf);
  }
  line = whole.substr(0, whole.size() - 1);
  if (line.find('\r') != std::string_view::npos) {
    return refuse(H1Fault::BareCr);
  }
  lineAt_ = static_cast<std::uint32_t>(end + 1);
  lookedAt_ = lineAt_;
  return H1Read::Whole;
}

// ---- fields ----

H1Read H1FieldReader::advance(std::string_view held, H1Lines& lines,
                              std::span<H1Field> fields) noexcept {
  for (;;) {
    const std::uint32_t lineAt = lines.lineAt();
    std::string_view line;
    const H1Read read = lines.next(held, limits_.headBytesMax, line);
    if (read != H1Read::Whole) {
      fault_ = lines.fault();
      return read;
    }
    if (line.empty()) {
      return H1Read::Whole;
    }
    fault_ = addField(line, lineAt, fields);
    if (fault_ != H1Fault::None) {
      return H1Read::Bad;
    }
  }
}

H1Fault H1FieldReader::addField(std::string_view line, std::uint32_t lineAt,
                                std::span<H1Field> fields) noexcept {
  if (isBlank(line.front())) {
    return H1Fault::ObsFold;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return H1Fault::NoFieldName;
  }
  const std::string_view name = line.substr(0, colon);
  if (const H1Fault fault = nameFault(name); fault != H1Fault::None) {
    return fault;
  }
  const std::string_view rest = line.substr(colon + 1);
  if (!consistsOf(rest, kValue)) {
    return H1Fault::BadFieldValue;
  }
  if (count_ >= std::min<std::size_t>(limits_.fieldsMax, fields.size())) {
    return H1Fault::TooManyFields;
  }
  if (name.size() > UINT16_MAX) {
    return H1Fault::HeadTooLong;
  }
  const std::string_view value = trimmed(rest);
  const std::size_t blank = value.empty() ? 0 : rest.find_first_not_of(" \t");
  fields[count_] = {.nameAt = lineAt,
                    .valueAt = static_cast<std::uint32_t>(lineAt + colon + 1 + blank),
                    .valueBytes = static_cast<std::uint32_t>(value.size()),
                    .nameBytes = static_cast<std::uint16_t>(name.size()),
                    .name = fieldNameOf(name)};
  ++count_;
  return H1Fault::None;
}

}  // namespace weft::codec
