#include "codec/client_hello.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "codec/client_hello_reader.h"

namespace weft::codec {

namespace {

/// What a host name is made of, in lower case; 0 for everything else. The underscore is in use,
/// whatever the standards say.
constexpr char hostNameChar(std::byte byte) noexcept {
  const char text = static_cast<char>(byte);
  if (text >= 'A' && text <= 'Z') {
    return static_cast<char>(text - 'A' + 'a');
  }
  const bool known = (text >= 'a' && text <= 'z') || (text >= '0' && text <= '9') || text == '-' ||
                     text == '.' || text == '_';
  return known ? text : '\0';
}

}  // namespace

std::optional<ClientHello> ClientHello::parse(base::Bytes held) noexcept {
  ClientHello names;
  ClientHelloReader reader(&names);
  if (reader.advance(held) != ClientHelloReader::Verdict::Whole) {
    return std::nullopt;
  }
  names.finish();
  return names;
}

void ClientHello::startServerName(std::size_t bytes) noexcept {
  serverNameBad_ = bytes > kServerNameBytesMax;
}

void ClientHello::addServerName(base::Bytes bytes) noexcept {
  if (serverNameBad_) {
    return;
  }
  for (const std::byte byte : bytes) {
    const char text = hostNameChar(byte);
    serverNameBad_ = serverNameBad_ || text == '\0';
    serverName_[serverNameBytes_++] = text;
  }
}

void ClientHello::startAlpnName(std::size_t bytes) noexcept {
  alpnFull_ = alpnFull_ || alpnBytes_ + 1 + bytes > kAlpnBytesMax;
  if (!alpnFull_) {
    alpn_[alpnBytes_++] = static_cast<char>(bytes);
  }
}

void ClientHello::addAlpnName(base::Bytes bytes) noexcept {
  if (alpnFull_) {
    return;
  }
  for (const std::byte byte : bytes) {
    alpn_[alpnBytes_++] = static_cast<char>(byte);
  }
}

void ClientHello::finish() noexcept {
  const bool dot = serverNameBytes_ > 0 && serverName_[serverNameBytes_ - 1U] == '.';
  serverNameBytes_ = static_cast<std::uint16_t>(serverNameBytes_ - (dot ? 1U : 0U));
  if (serverNameBad_) {
    serverNameBytes_ = 0;
  }
}

}  // namespace weft::codec
