#include "codec/h1_field_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "codec/byte_scan.h"
#include "codec/h1_fault.h"
#include "codec/http_text.h"

namespace weft::codec {

namespace {

/// Why a line that does not begin with a name and a colon is none of a field.
H1Fault nameFault(std::string_view line) noexcept {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return H1Fault::NoFieldName;
  }
  return isBlank(line[colon - 1]) ? H1Fault::SpaceBeforeColon : H1Fault::BadFieldName;
}

FieldName nameIf(std::string_view name, std::string_view lower, FieldName found) noexcept {
  return equalsLower(name, lower) ? found : FieldName::Other;
}

}  // namespace

/// By length first: most names are none of these.
FieldName fieldNameOf(std::string_view name) noexcept {
  switch (name.size()) {
    case 2:
      return nameIf(name, "te", FieldName::Te);
    case 4:
      return nameIf(name, "host", FieldName::Host);
    case 6:
      return lowerCase(name.front()) == 'a' ? nameIf(name, "accept", FieldName::Accept)
                                            : nameIf(name, "expect", FieldName::Expect);
    case 7:
      return lowerCase(name.front()) == 'u' ? nameIf(name, "upgrade", FieldName::Upgrade)
                                            : nameIf(name, "trailer", FieldName::Trailer);
    case 10:
      return lowerCase(name.front()) == 'c' ? nameIf(name, "connection", FieldName::Connection)
                                            : nameIf(name, "keep-alive", FieldName::KeepAlive);
    case 14:
      return nameIf(name, "content-length", FieldName::ContentLength);
    case 16:
      return nameIf(name, "proxy-connection", FieldName::ProxyConnection);
    case 17:
      return nameIf(name, "transfer-encoding", FieldName::TransferEncoding);
    default:
      return FieldName::Other;
  }
}

// ---- lines ----

H1Fault orBareCr(H1Fault fault, std::string_view line) noexcept {
  return line.find('\r') == std::string_view::npos ? fault : H1Fault::BareCr;
}

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
    fault_ = addField(held, line, lineAt, fields);
    if (fault_ != H1Fault::None) {
      fault_ = orBareCr(fault_, line);
      return H1Read::Bad;
    }
  }
}

H1Fault H1FieldReader::addField(std::string_view held, std::string_view line, std::uint32_t lineAt,
                                std::span<H1Field> fields) noexcept {
  if (isBlank(line.front())) {
    return H1Fault::ObsFold;
  }
  const std::size_t nameBytes = tokenBytes(held, lineAt);
  if (nameBytes == 0 || nameBytes == line.size() || line[nameBytes] != ':') {
    return nameFault(line);
  }
  std::size_t valueAt = nameBytes + 1;
  std::size_t valueEnd = line.size();
  while (valueAt < valueEnd && isBlank(line[valueAt])) {
    ++valueAt;
  }
  while (valueEnd > valueAt && isBlank(line[valueEnd - 1])) {
    --valueEnd;
  }
  if (!isFieldValue(held, lineAt + valueAt, valueEnd - valueAt)) {
    return H1Fault::BadFieldValue;
  }
  if (count_ >= std::min<std::size_t>(limits_.fieldsMax, fields.size())) {
    return H1Fault::TooManyFields;
  }
  if (nameBytes > UINT16_MAX) {
    return H1Fault::HeadTooLong;
  }
  fields[count_] = {.nameAt = lineAt,
                    .valueAt = static_cast<std::uint32_t>(lineAt + valueAt),
                    .valueBytes = static_cast<std::uint32_t>(valueEnd - valueAt),
                    .nameBytes = static_cast<std::uint16_t>(nameBytes),
                    .name = fieldNameOf(line.substr(0, nameBytes))};
  ++count_;
  return H1Fault::None;
}

}  // namespace weft::codec
