#include "codec/h1_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "codec/h1_field_reader.h"
#include "codec/http_text.h"

namespace weft::codec {

namespace {

constexpr bool isHopByHop(FieldName name) noexcept {
  switch (name) {
    case FieldName::Connection:
    case FieldName::KeepAlive:
    case FieldName::ProxyConnection:
    case FieldName::Te:
    case FieldName::TransferEncoding:
    case FieldName::Upgrade:
      return true;
    default:
      return false;
  }
}

void markNamed(const H1Fields& fields, std::string_view named, FieldBits& marked) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const std::string_view name = fields.name(index);
    if (name.size() == named.size() && std::ranges::equal(name, named, {}, lowerCase, lowerCase)) {
      marked.set(index);
    }
  }
}

}  // namespace

void markHopByHop(const H1Fields& fields, FieldBits& marked) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const FieldName name = fields.at(index).name;
    if (name == FieldName::Other || !isHopByHop(name)) {
      continue;
    }
    marked.set(index);
    if (name != FieldName::Connection) {
      continue;
    }
    std::string_view rest = fields.value(index);
    for (std::string_view item = nextListItem(rest); !item.empty(); item = nextListItem(rest)) {
      if (!equalsLower(item, "close") && !equalsLower(item, "keep-alive")) {
        markNamed(fields, item, marked);
      }
    }
  }
}

void H1Writer::bytes(base::Bytes written) noexcept {
  if (overflowed_ || written.size() > into_.size() - size_) {
    overflowed_ = true;
    return;
  }
  if (!written.empty()) {
    std::memcpy(into_.subspan(size_).data(), written.data(), written.size());
  }
  size_ += written.size();
}

void H1Writer::number(std::uint64_t value, int base) noexcept {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.begin(), digits.end(), value, base);
  text({digits.begin(), end});
}

void H1Writer::requestLine(std::string_view method, std::string_view path, bool slash) noexcept {
  text(method);
  text(slash ? " /" : " ");
  text(path);
  text(" HTTP/1.1\r\n");
}

void H1Writer::statusLine(std::uint16_t status, std::string_view reason) noexcept {
  text("HTTP/1.1 ");
  number(status, 10);
  text(" ");
  text(reason);
  text("\r\n");
}

void H1Writer::fields(std::string_view held, std::span<const H1Field> fields, std::size_t linesEnd,
                      const FieldBits& leftOut) noexcept {
  const auto lineAt = [&](std::size_t index) {
    return index < fields.size() ? fields[index].nameAt : linesEnd;
  };
  for (std::size_t index = 0; index < fields.size();) {
    if (leftOut.test(index)) {
      ++index;
      continue;
    }
    const std::size_t first = index;
    while (index < fields.size() && !leftOut.test(index)) {
      ++index;
    }
    text(held.substr(lineAt(first), lineAt(index) - lineAt(first)));
  }
}

void H1Writer::field(std::string_view name, std::string_view value) noexcept {
  text(name);
  text(": ");
  text(value);
  text("\r\n");
}

void H1Writer::field(std::string_view name, std::uint64_t value) noexcept {
  text(name);
  text(": ");
  number(value, 10);
  text("\r\n");
}

void H1Writer::chunkSize(std::uint64_t bytes) noexcept {
  number(bytes, 16);
  text("\r\n");
}

}  // namespace weft::codec
