#include "codec/client_hello.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/bytes.h"

namespace weft::codec {

namespace {

constexpr std::uint32_t kRecordBytesMax = 16'384;

/// Version, random, empty session id, one cipher suite, one compression method.
constexpr std::uint32_t kBodyBytesMin = 2 + 32 + 1 + 2 + 2 + 1 + 1;

constexpr std::uint32_t kRandomBytes = 32;
constexpr std::uint32_t kSessionIdBytesMax = 32;

/// SSL 3.0 to TLS 1.3, for records and messages. What it says is otherwise without meaning today.
constexpr std::uint32_t kVersionMin = 0x0300;
constexpr std::uint32_t kVersionMax = 0x0304;

constexpr std::uint32_t kExtensionHeaderBytes = 4;
constexpr std::uint16_t kServerNameExtension = 0;
constexpr std::uint16_t kAlpnExtension = 16;

/// Whether a list that has `left` bytes left can be filled by items of at least `itemMin` bytes.
constexpr bool fillable(std::uint32_t left, std::uint32_t itemMin) noexcept {
  return left == 0 || left >= itemMin;
}

}  // namespace

// ---- numbers ----

void ClientHelloReader::Number::expect(std::uint8_t bytes, std::uint32_t min,
                                       std::uint32_t max) noexcept {
  *this = {};
  bytesLeft_ = bytes;
  min_ = min;
  max_ = max;
}

bool ClientHelloReader::Number::take(base::Bytes& from) noexcept {
  const std::size_t size = std::min<std::size_t>(bytesLeft_, from.size());
  for (const std::byte byte : from.first(size)) {
    value_ = value_ << 8U | std::to_integer<std::uint32_t>(byte);
  }
  from = from.subspan(size);
  bytesLeft_ = static_cast<std::uint8_t>(bytesLeft_ - size);
  const unsigned missingBits = 8U * bytesLeft_;
  const std::uint64_t lowest = std::uint64_t{value_} << missingBits;
  const std::uint64_t highest = ((std::uint64_t{value_} + 1) << missingBits) - 1;
  return lowest <= max_ && highest >= min_;
}

void ClientHelloReader::expect(Step step, std::uint8_t bytes, std::uint32_t min,
                               std::uint32_t max) noexcept {
  step_ = step;
  number_.expect(bytes, min, max);
}

void ClientHelloReader::skip(std::size_t bytes, Into into) noexcept {
  skip_ = static_cast<std::uint32_t>(bytes);
  into_ = into;
}

// ---- walking ----

ClientHelloReader::Verdict ClientHelloReader::advance(base::Bytes held) noexcept {
  if (step_ == Step::Start) {
    recordNumber_.expect(3, 0x160000 | kVersionMin, 0x160000 | kVersionMax);
    expect(Step::MessageHeader, 4, 0x01000000 | kBodyBytesMin,
           0x01000000 | (kClientHelloBytesMax - 4));
  }
  base::Bytes rest = held.subspan(position_);
  Verdict verdict = Verdict::NeedMore;
  while (verdict == Verdict::NeedMore && !rest.empty()) {
    if (recordLeft_ == 0) {
      if (!readRecordHeader(rest)) {
        verdict = Verdict::Malformed;
      }
      continue;
    }
    base::Bytes inRecord = rest.first(std::min<std::size_t>(recordLeft_, rest.size()));
    const std::size_t before = inRecord.size();
    bool fits = true;
    if (skip_ > 0) {
      const std::size_t skipped = std::min<std::size_t>(skip_, before);
      deliver(inRecord.first(skipped));
      inRecord = inRecord.subspan(skipped);
      skip_ -= static_cast<std::uint32_t>(skipped);
    } else {
      fits = number_.take(inRecord);
    }
    const auto taken = static_cast<std::uint32_t>(before - inRecord.size());
    rest = rest.subspan(taken);
    recordLeft_ -= taken;
    messageLeft_ -= taken;
    if (!fits || (step_ != Step::End && number_.whole() && skip_ == 0 && !finishNumber())) {
      verdict = Verdict::Malformed;
    } else if (messageLeft_ == 0) {
      verdict = Verdict::Whole;
    }
  }
  position_ = static_cast<std::uint32_t>(held.size() - rest.size());
  return verdict;
}

bool ClientHelloReader::readRecordHeader(base::Bytes& rest) noexcept {
  if (!recordNumber_.take(rest)) {
    return false;
  }
  if (!recordNumber_.whole()) {
    return true;
  }
  if (recordStep_ == RecordStep::TypeAndVersion) {
    // A record ends where the hello ends: keys change behind it (RFC 8446 5.1), or the client
    // waits.
    recordStep_ = RecordStep::Length;
    recordNumber_.expect(2, 1, std::min(kRecordBytesMax, messageLeft_));
  } else {
    recordLeft_ = recordNumber_.value();
    recordStep_ = RecordStep::TypeAndVersion;
    recordNumber_.expect(3, 0x160000 | kVersionMin, 0x160000 | kVersionMax);
  }
  return true;
}

bool ClientHelloReader::finishNumber() noexcept {
  return step_ < Step::ExtensionType ? finishHead(number_.value())
                                     : finishExtension(number_.value());
}

bool ClientHelloReader::finishHead(std::uint32_t value) noexcept {
  switch (step_) {
    case Step::MessageHeader:
      messageLeft_ = value & 0xffffffU;
      expect(Step::Version, 2, kVersionMin, kVersionMax);
      return recordLeft_ <= messageLeft_;
    case Step::Version:
      skip(kRandomBytes);
      expect(Step::SessionIdLength, 1, 0, std::min(kSessionIdBytesMax, left() - 1 - 6));
      return true;
    case Step::SessionIdLength:
      skip(value);
      expect(Step::CipherSuitesLength, 2, 2, left() - 2 - 2);
      return true;
    case Step::CipherSuitesLength:
      skip(value);
      expect(Step::CompressionLength, 1, 1, left() - 1);
      return value % 2 == 0;
    case Step::CompressionLength:
      skip(value);
      // Before TLS 1.3 a hello may end here.
      if (left() == 0) {
        step_ = Step::End;
      } else if (left() >= 2) {
        expect(Step::ExtensionsLength, 2, left() - 2, left() - 2);
      } else {
        return false;
      }
      return true;
    default:
      return expectExtension();
  }
}

/// What comes behind what is skipped: an extension, or the end.
bool ClientHelloReader::expectExtension() noexcept {
  if (left() == 0) {
    step_ = Step::End;
  } else {
    expect(Step::ExtensionType, 2, 0, 0xffff);
  }
  return fillable(left(), kExtensionHeaderBytes);
}

/// Two lists of names have a form to hold; each may come once (RFC 8446 4.2).
bool ClientHelloReader::finishExtension(std::uint32_t value) noexcept {
  switch (step_) {
    case Step::ExtensionType:
      extensionType_ = static_cast<std::uint16_t>(value);
      expect(Step::ExtensionLength, 2, 0, left() - 2);
      return true;
    case Step::ExtensionLength:
      if (!fillable(left() - value, kExtensionHeaderBytes)) {
        return false;
      }
      if (extensionType_ == kServerNameExtension) {
        expect(Step::ServerNameListLength, 2, value - 2, value - 2);
        return value >= 6 && !std::exchange(serverNameSeen_, true);
      }
      if (extensionType_ == kAlpnExtension) {
        expect(Step::AlpnListLength, 2, value - 2, value - 2);
        return value >= 4 && !std::exchange(alpnSeen_, true);
      }
      skip(value);
      return expectExtension();
    case Step::ServerNameListLength:
      listLeft_ = value - 3;
      expect(Step::ServerNameType, 1, 0, 0);
      return true;
    case Step::ServerNameType:
      expect(Step::ServerNameLength, 2, listLeft_, listLeft_);
      return true;
    case Step::ServerNameLength:
      if (names_ != nullptr) {
        names_->startServerName(value);
      }
      skip(value, Into::ServerName);
      return expectExtension();
    case Step::AlpnListLength:
      listLeft_ = value;
      expect(Step::AlpnNameLength, 1, 1, listLeft_ - 1);
      return true;
    default:
      if (names_ != nullptr) {
        names_->startAlpnName(value);
      }
      skip(value, Into::AlpnName);
      listLeft_ -= 1 + value;
      if (listLeft_ == 0) {
        return expectExtension();
      }
      expect(Step::AlpnNameLength, 1, 1, listLeft_ - 1);
      return fillable(listLeft_, 2);
  }
}

void ClientHelloReader::deliver(base::Bytes bytes) noexcept {
  if (names_ == nullptr) {
    return;
  }
  if (into_ == Into::ServerName) {
    names_->addServerName(bytes);
  } else if (into_ == Into::AlpnName) {
    names_->addAlpnName(bytes);
  }
}

// ---- names ----

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
