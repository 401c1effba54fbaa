#include "proxy/request_key.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/hash.h"
#include "codec/h1_field_reader.h"
#include "codec/http_text.h"
#include "snapshot/cluster.h"

namespace weft::proxy {

namespace {

std::optional<std::string_view> headerOf(const codec::H1Fields& fields,
                                         std::string_view name) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (codec::equalsLower(fields.name(index), name)) {
      return fields.value(index);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> cookieOf(const codec::H1Fields& fields,
                                         std::string_view name) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (!codec::equalsLower(fields.name(index), "cookie")) {
      continue;
    }
    std::string_view rest = fields.value(index);
    while (!rest.empty()) {
      const std::string_view pair = codec::trimmed(rest.substr(0, rest.find(';')));
      rest.remove_prefix(std::min(rest.size(), rest.find(';')));
      rest.remove_prefix(rest.empty() ? 0 : 1);
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && codec::trimmed(pair.substr(0, equals)) == name) {
        return codec::trimmed(pair.substr(equals + 1));
      }
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> requestKey(const snapshot::HashKey& wanted,
                                        const codec::H1Fields& fields, std::string_view path,
                                        const std::optional<std::uint64_t>& source) noexcept {
  std::optional<std::string_view> text;
  switch (wanted.type) {
    case snapshot::HashKeyType::Source:
      return source;
    case snapshot::HashKeyType::Path:
      text = path.substr(0, path.find('?'));
      break;
    case snapshot::HashKeyType::Header:
      text = headerOf(fields, wanted.name);
      break;
    case snapshot::HashKeyType::Cookie:
      text = cookieOf(fields, wanted.name);
      break;
  }
  return text ? std::optional(base::hashOfText(*text)) : std::nullopt;
}

}  // namespace weft::proxy
