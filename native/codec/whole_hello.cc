#include "codec/whole_hello.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "codec/cursor.h"
#include "codec/hello_format.h"

namespace weft::codec {

namespace {

/// The two extensions that have a form to hold; each may come once (RFC 8446 4.2).
class NameLists {
 public:
  /// False when the extension may not be there.
  [[nodiscard]] bool note(std::uint32_t type, base::Bytes content) noexcept {
    if (type == kServerNameExtension) {
      return !std::exchange(serverNameSeen_, true) && noteServerName(content);
    }
    if (type == kAlpnExtension) {
      return !std::exchange(alpnSeen_, true) && noteAlpn(content);
    }
    return true;
  }

  [[nodiscard]] const WholeHello& found() const noexcept { return found_; }

 private:
  /// Of all types of names only one was ever given a number: 0, a host name (RFC 6066 3).
  [[nodiscard]] bool noteServerName(base::Bytes content) noexcept {
    Cursor list(content);
    const bool fits = list.number(2) == list.left() && list.number(1) == 0;
    found_.serverName = list.take(list.number(2));
    return fits && list.atEnd() && !found_.serverName.empty();
  }

  [[nodiscard]] bool noteAlpn(base::Bytes content) noexcept {
    Cursor list(content);
    found_.alpn = list.take(list.number(2));
    Cursor names(found_.alpn);
    bool named = list.atEnd() && !found_.alpn.empty();
    while (names.left() > 0 && named) {
      named = !names.take(names.number(1)).empty();
    }
    return named;
  }

  WholeHello found_;
  bool serverNameSeen_ = false;
  bool alpnSeen_ = false;
};

bool readMessage(base::Bytes bytes, NameLists& lists) noexcept {
  Cursor message(bytes);
  const bool hello = bytes.size() <= kClientHelloBytesMax &&
                     message.number(1) == kClientHelloType && message.number(3) == message.left();
  const std::uint32_t version = message.number(2);
  message.take(kRandomBytes);
  const std::size_t sessionIdBytes = message.take(message.number(1)).size();
  const std::size_t suitesBytes = message.take(message.number(2)).size();
  const std::size_t compressionBytes = message.take(message.number(1)).size();
  if (!hello || version < kVersionMin || version > kVersionMax ||
      sessionIdBytes > kSessionIdBytesMax || suitesBytes == 0 || suitesBytes % 2 != 0 ||
      compressionBytes == 0 || message.atEnd()) {
    return false;
  }
  Cursor extensions(message.take(message.number(2)));
  while (extensions.left() > 0) {
    const std::uint32_t type = extensions.number(2);
    const std::uint32_t size = extensions.number(2);
    const std::size_t before = extensions.left();
    if (size > before || !lists.note(type, extensions.take(size))) {
      return false;
    }
  }
  return message.atEnd() && extensions.atEnd();
}

}  // namespace

std::optional<WholeHello> readWholeHello(base::Bytes held) noexcept {
  Cursor record(held);
  const std::uint32_t start = record.number(3);
  const base::Bytes message = record.take(record.number(2));
  NameLists lists;
  if (start < kRecordStartMin || start > kRecordStartMax || !readMessage(message, lists)) {
    return std::nullopt;
  }
  return lists.found();
}

}  // namespace weft::codec
