#include "codec/request_line.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace weft::codec {

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::string_view kConnect = "CONNECT";

// ---- tables ----

/// What a byte is to the grammar.
enum Class : std::uint8_t {
  Control,  ///< Ends every line that it is in, as do the next three where they do not belong.
  Space,
  Cr,
  Lf,
  Visible,  ///< Visible without a meaning of its own, or above ASCII.
  Letter,
  LetterH,
  LetterT,
  LetterP,
  Digit,
  DigitOne,
  Slash,
  Colon,
  Star,
  SchemeMark,
  Dot,
  Delimiter,  ///< Ends an authority.
  ClassCount,
};

/// What comes next. The two ends are first, so that one comparison finds them.
enum State : std::uint8_t {
  No,
  Whole,
  TargetStart,
  Asterisk,
  Scheme,
  SchemeColon,
  SchemeSlash,
  SchemeEnd,
  Target,
  AuthorityStart,
  Host,
  PortStart,
  Port,
  VersionH,
  VersionT1,
  VersionT2,
  VersionP,
  VersionSlash,
  VersionMajor,
  VersionDot,
  VersionMinor,
  LineCr,
  LineLf,
  StateCount,
};

constexpr std::size_t kRow = 32;
constexpr std::size_t kTableBytes = 1024;
static_assert(ClassCount <= kRow && StateCount * kRow <= kTableBytes);

constexpr std::array<std::uint8_t, 256> makeClasses() {
  std::array<std::uint8_t, 256> classes{};
  const auto set = [&classes](std::string_view bytes, Class of) {
    for (const char byte : bytes) {
      classes.at(static_cast<std::uint8_t>(byte)) = of;
    }
  };
  for (std::size_t byte = 0x21; byte < 0x100; ++byte) {
    classes.at(byte) = byte == 0x7f ? Control : Visible;
  }
  set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", Letter);
  set("H", LetterH);
  set("T", LetterT);
  set("P", LetterP);
  set("0123456789", Digit);
  set("1", DigitOne);
  set("/", Slash);
  set(":", Colon);
  set("*", Star);
  set("+-", SchemeMark);
  set(".", Dot);
  set("?#@", Delimiter);
  set(" ", Space);
  set("\r", Cr);
  set("\n", Lf);
  return classes;
}

/// Transitions; what is not set is No. The forms of a target are those of RFC 9112 3.2.
constexpr std::array<std::uint8_t, kTableBytes> makeTransitions() {
  std::array<std::uint8_t, kTableBytes> next{};
  const auto set = [&next](State from, Class on, State to) { next.at(from * kRow + on) = to; };
  const auto setRange = [&set](State from, Class first, Class last, State to) {
    for (std::uint8_t on = first; on <= last; ++on) {
      set(from, static_cast<Class>(on), to);
    }
  };
  set(TargetStart, Slash, Target);
  set(TargetStart, Star, Asterisk);
  setRange(TargetStart, Letter, LetterP, Scheme);
  set(Asterisk, Space, VersionH);
  setRange(Scheme, Letter, DigitOne, Scheme);
  setRange(Scheme, SchemeMark, Dot, Scheme);
  set(Scheme, Colon, SchemeColon);
  set(SchemeColon, Slash, SchemeSlash);
  set(SchemeSlash, Slash, SchemeEnd);
  setRange(SchemeEnd, Visible, Delimiter, Target);
  setRange(Target, Visible, Delimiter, Target);
  set(Target, Space, VersionH);
  for (const State from : {AuthorityStart, Host, PortStart, Port}) {
    setRange(from, Visible, Dot, Host);
    set(from, Slash, No);
    set(from, Colon, from == AuthorityStart ? No : PortStart);
  }
  for (const State from : {PortStart, Port}) {
    setRange(from, Digit, DigitOne, Port);
  }
  set(Port, Space, VersionH);
  set(VersionH, LetterH, VersionT1);
  set(VersionT1, LetterT, VersionT2);
  set(VersionT2, LetterT, VersionP);
  set(VersionP, LetterP, VersionSlash);
  set(VersionSlash, Slash, VersionMajor);
  set(VersionMajor, DigitOne, VersionDot);
  set(VersionDot, Dot, VersionMinor);
  setRange(VersionMinor, Digit, DigitOne, LineCr);
  set(LineCr, Cr, LineLf);
  set(LineLf, Lf, Whole);
  return next;
}

constexpr std::array<std::uint8_t, 256> makeMethodBytes() {
  std::array<std::uint8_t, 256> bytes{};
  for (std::size_t byte = 'A'; byte <= 'Z'; ++byte) {
    bytes.at(byte) = 1;
  }
  bytes.at('-') = 1;
  bytes.at('_') = 1;
  return bytes;
}

/// The end of the line, whole: what the states from VersionH to LineLf say, in one comparison.
constexpr std::size_t kVersionBytes = 10;

bool isVersion(std::span<const std::byte, kVersionBytes> line) noexcept {
  constexpr std::string_view kName = "HTTP/1.";
  const auto digit = std::to_integer<std::uint8_t>(line[kName.size()]);
  return std::memcmp(line.data(), kName.data(), kName.size()) == 0 && digit >= '0' &&
         digit <= '9' && line[kName.size() + 1] == std::byte{'\r'} &&
         line.back() == std::byte{'\n'};
}

constexpr auto kClasses = makeClasses();
constexpr auto kTransitions = makeTransitions();
constexpr auto kMethodBytes = makeMethodBytes();

/// What follows the bytes that leave the state Target as it is.
base::Bytes behindTarget(base::Bytes rest) noexcept {
  std::size_t bytes = 0;
  for (const std::byte byte : rest) {
    if (kClasses[std::to_integer<std::uint8_t>(byte)] < Visible) {
      break;
    }
    ++bytes;
  }
  return rest.subspan(bytes);
}

}  // namespace

// ---- reading ----

RequestLine::Verdict RequestLine::advance(base::Bytes held) noexcept {
  if (!prefaceOver_ && held.front() == static_cast<std::byte>(kPreface.front())) {
    const base::Bytes preface = base::bytesOf(kPreface);
    const std::size_t size = std::min(held.size(), preface.size());
    if (std::ranges::equal(held.first(size).subspan(prefaceBytes_),
                           preface.first(size).subspan(prefaceBytes_))) {
      prefaceBytes_ = static_cast<std::uint8_t>(size);
      return size == preface.size() ? Verdict::Http2 : Verdict::NeedMore;
    }
    prefaceOver_ = true;
  }
  if (state_ == 0) {
    const Verdict verdict = readMethod(held);
    if (state_ == 0) {
      return verdict;
    }
  }
  return readRest(held);
}

RequestLine::Verdict RequestLine::readMethod(base::Bytes held) noexcept {
  const base::Bytes method = held.first(std::min(held.size(), kMethodBytesMax + 1));
  std::size_t position = position_;
  for (const std::byte byte : method.subspan(position)) {
    if (kMethodBytes[std::to_integer<std::uint8_t>(byte)] == 0) {
      break;
    }
    ++position;
  }
  position_ = static_cast<std::uint32_t>(position);
  if (position > kMethodBytesMax || !canBeginMethod(held.front())) {
    return Verdict::No;
  }
  if (position == held.size()) {
    return Verdict::NeedMore;
  }
  if (held[position] != std::byte{' '}) {
    return Verdict::No;
  }
  const bool connect = position == kConnect.size() &&
                       std::ranges::equal(held.first(position), base::bytesOf(kConnect));
  state_ = connect ? AuthorityStart : TargetStart;
  ++position_;
  return Verdict::NeedMore;
}

RequestLine::Verdict RequestLine::readRest(base::Bytes held) noexcept {
  std::size_t state = state_;
  base::Bytes rest = held.subspan(position_);
  while (!rest.empty()) {
    if (state == VersionH && rest.size() >= kVersionBytes) {
      return isVersion(rest.first<kVersionBytes>()) ? Verdict::Http1 : Verdict::No;
    }
    const auto byte = std::to_integer<std::uint8_t>(rest.front());
    // The table has as many rows as the mask lets through, so that no index needs to be checked.
    state = kTransitions[(state * kRow + kClasses[byte]) & (kTableBytes - 1)];
    if (state <= Whole) {
      return state == Whole ? Verdict::Http1 : Verdict::No;
    }
    rest = state == Target ? behindTarget(rest) : rest.subspan(1);
  }
  state_ = static_cast<std::uint8_t>(state);
  position_ = static_cast<std::uint32_t>(held.size());
  return Verdict::NeedMore;
}

}  // namespace weft::codec
