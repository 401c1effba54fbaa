#include "codec/client_hello_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "codec/client_hello.h"
#include "codec/cursor.h"
#include "codec/hello_format.h"
#include "codec/whole_hello.h"

namespace weft::codec {

namespace {

/// Version, random, empty session id, one cipher suite, one compression method.
constexpr std::uint32_t kBodyBytesMin = 2 + kRandomBytes + 1 + 2 + 2 + 1 + 1;

constexpr std::uint32_t kServerNameBytesMin = 2 + 1 + 2 + 1;
constexpr std::uint32_t kAlpnBytesMin = 2 + 1 + 1;

/// A message's type and length as one number.
constexpr std::uint32_t kMessageStart = kClientHelloType << 24U;

/// Whether a list that has `left` bytes left can be filled by items of at least `itemMin` bytes.
constexpr bool fillable(std::size_t left, std::size_t itemMin) noexcept {
  return left == 0 || left >= itemMin;
}

}  // namespace

// ---- numbers ----

inline void ClientHelloReader::Number::expect(std::uint8_t bytes, std::uint32_t min,
                                              std::uint32_t max, std::uint32_t mask) noexcept {
  value_ = 0;
  min_ = min;
  max_ = max;
  mask_ = mask;
  bytesLeft_ = bytes;
}

inline std::size_t ClientHelloReader::Number::take(base::Bytes from) noexcept {
  const std::size_t size = std::min<std::size_t>(bytesLeft_, from.size());
  for (const std::byte byte : from.first(size)) {
    value_ = value_ << 8U | std::to_integer<std::uint32_t>(byte);
  }
  bytesLeft_ = static_cast<std::uint8_t>(bytesLeft_ - size);
  return size;
}

inline bool ClientHelloReader::Number::canFit() const noexcept {
  const std::uint64_t missing = (std::uint64_t{1} << (8U * bytesLeft_)) - 1;
  const std::uint64_t lowest = std::uint64_t{value_} * (missing + 1) & mask_;
  return lowest <= max_ && (lowest | (missing & mask_)) >= min_;
}

inline void ClientHelloReader::expect(Step step, std::uint8_t bytes, std::uint32_t min,
                                      std::uint32_t max) noexcept {
  step_ = step;
  number_.expect(bytes, min, max);
}

inline void ClientHelloReader::skip(std::uint32_t bytes, Into into) noexcept {
  skip_ = bytes;
  into_ = into;
}

// ---- walking ----

ClientHelloReader::Verdict ClientHelloReader::advance(base::Bytes held) noexcept {
  if (step_ == Step::Start) {
    recordNumber_.expect(3, kRecordStartMin, kRecordStartMax);
    expect(Step::MessageHeader, kMessageHeaderBytes, kMessageStart | kBodyBytesMin,
           kMessageStart | (kClientHelloBytesMax - kMessageHeaderBytes));
    if (readAtOnce(held)) {
      return Verdict::Whole;
    }
  }
  std::size_t position = position_;
  Verdict verdict = Verdict::NeedMore;
  while (verdict == Verdict::NeedMore && position < held.size()) {
    const base::Bytes rest = held.subspan(position);
    const std::size_t taken = recordLeft_ == 0 ? readRecordHeader(rest) : readMessage(rest);
    position += taken;
    if (taken == 0) {
      verdict = Verdict::Malformed;
    } else if (messageLeft_ == 0) {
      verdict = Verdict::Whole;
    }
  }
  position_ = static_cast<std::uint32_t>(position);
  return verdict;
}

bool ClientHelloReader::readAtOnce(base::Bytes held) noexcept {
  const std::optional<WholeHello> hello = readWholeHello(held);
  if (!hello || names_ == nullptr) {
    return hello.has_value();
  }
  names_->startServerName(hello->serverName.size());
  names_->addServerName(hello->serverName);
  for (Cursor list(hello->alpn); list.left() > 0;) {
    const base::Bytes name = list.take(list.number(1));
    names_->startAlpnName(name.size());
    names_->addAlpnName(name);
  }
  return true;
}

/// Returns how many bytes it took; 0 when they cannot be.
std::size_t ClientHelloReader::readRecordHeader(base::Bytes rest) noexcept {
  const std::size_t taken = recordNumber_.take(rest);
  if (!recordNumber_.canFit()) {
    return 0;
  }
  if (!recordNumber_.whole()) {
    return taken;
  }
  if (recordStep_ == RecordStep::TypeAndVersion) {
    // A record ends where the hello ends: keys change behind it (RFC 8446 5.1), or the client
    // waits.
    recordStep_ = RecordStep::Length;
    recordNumber_.expect(2, 1, std::min(kRecordBytesMax, messageLeft_));
  } else {
    recordLeft_ = recordNumber_.value();
    recordStep_ = RecordStep::TypeAndVersion;
    recordNumber_.expect(3, kRecordStartMin, kRecordStartMax);
  }
  return taken;
}

/// What is to be skipped, and the number behind it. As readRecordHeader.
inline std::size_t ClientHelloReader::readMessage(base::Bytes rest) noexcept {
  const std::size_t inRecord = std::min<std::size_t>(recordLeft_, rest.size());
  std::size_t taken = std::min<std::size_t>(skip_, inRecord);
  if (taken > 0) {
    if (names_ != nullptr) {
      deliver(rest.first(taken));
    }
    skip_ -= static_cast<std::uint32_t>(taken);
  }
  if (skip_ == 0 && step_ != Step::End) {
    taken += number_.take(rest.subspan(taken, inRecord - taken));
  }
  recordLeft_ -= static_cast<std::uint32_t>(taken);
  messageLeft_ -= static_cast<std::uint32_t>(taken);
  if (skip_ > 0 || step_ == Step::End) {
    return taken;
  }
  const bool goesOn = number_.canFit() && (!number_.whole() || finishNumber());
  return goesOn ? taken : 0;
}

bool ClientHelloReader::finishNumber() noexcept {
  return step_ < Step::ExtensionHeader ? finishHead(number_.value())
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
  if (left() < kExtensionHeaderBytes) {
    step_ = Step::End;
    return left() == 0;
  }
  step_ = Step::ExtensionHeader;
  // Any type, and a length that does not exceed what is left.
  number_.expect(4, 0, left() - kExtensionHeaderBytes, 0xffff);
  return true;
}

/// Two lists of names have a form to hold; each may come once (RFC 8446 4.2).
bool ClientHelloReader::startExtension(std::uint32_t type, std::uint32_t bytes) noexcept {
  if (type == kServerNameExtension) {
    expect(Step::ServerNameListLength, 2, bytes - 2, bytes - 2);
    return bytes >= kServerNameBytesMin && !std::exchange(serverNameSeen_, true) &&
           fillable(left() - bytes, kExtensionHeaderBytes);
  }
  if (type == kAlpnExtension) {
    expect(Step::AlpnListLength, 2, bytes - 2, bytes - 2);
    return bytes >= kAlpnBytesMin && !std::exchange(alpnSeen_, true) &&
           fillable(left() - bytes, kExtensionHeaderBytes);
  }
  skip(bytes);
  return expectExtension();
}

bool ClientHelloReader::finishExtension(std::uint32_t value) noexcept {
  switch (step_) {
    case Step::ExtensionHeader:
      return startExtension(value >> 16U, value & 0xffffU);
    case Step::ServerNameListLength:
      // Of all types of names only one was ever given a number: 0, a host name.
      expect(Step::ServerNameTypeAndLength, 3, value - 3, value - 3);
      return true;
    case Step::ServerNameTypeAndLength:
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
  if (into_ == Into::ServerName) {
    names_->addServerName(bytes);
  } else if (into_ == Into::AlpnName) {
    names_->addAlpnName(bytes);
  }
}

}  // namespace weft::codec
