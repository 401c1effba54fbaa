#include "codec/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/address.h"
#include "base/bytes.h"
#include "codec/cursor.h"
#include "codec/proxy_tlvs.h"

namespace weft::codec {

namespace {

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t kFixedBytes = 16;
constexpr std::size_t kUnixPathBytes = 108;

/// The high half of a family byte; the low one is 0 unspecified, 1 stream, 2 datagrams.
enum Family : std::uint8_t { Unspecified = 0x00, Ipv4 = 0x10, Ipv6 = 0x20, Unix = 0x30 };

constexpr std::uint8_t kTransportMask = 0x0f;
constexpr std::uint8_t kTransportMax = 2;
constexpr std::uint8_t kStream = 1;

constexpr std::uint8_t kLocalCommand = 0x20;
constexpr std::uint8_t kProxyCommand = 0x21;

/// Whether one is a beginning of the other.
bool agree(base::Bytes held, std::string_view start) noexcept {
  const std::size_t size = std::min(held.size(), start.size());
  return std::ranges::equal(held.first(size), base::bytesOf(start).first(size));
}

std::string textOf(base::Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text.push_back(static_cast<char>(byte));
  }
  return text;
}

// ---- version 1 ----

/// The field up to the next space, which is taken away; the last field has none behind it.
std::string_view nextField(std::string_view& rest) noexcept {
  const std::string_view field = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), field.size() + 1));
  return field;
}

/// Decimal, without zeros in front.
std::optional<std::uint16_t> portOf(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), port);
  const bool canonical = text.size() == 1 || !text.starts_with('0');
  return error == std::errc() && end == text.end() && canonical ? std::optional(port)
                                                                : std::nullopt;
}

std::optional<base::Address> addressOf(bool ipv6, std::string_view host, std::string_view port) {
  const std::string_view allowed = ipv6 ? "0123456789abcdefABCDEF:." : "0123456789.";
  if (!portOf(port) || host.find_first_not_of(allowed) != std::string_view::npos) {
    return std::nullopt;
  }
  std::string text;
  text.append(ipv6 ? "[" : "").append(host).append(ipv6 ? "]:" : ":").append(port);
  auto address = base::Address::parse(text);
  return address.ok() ? std::optional(std::move(address).value()) : std::nullopt;
}

/// `line` is without its CRLF and its first word.
bool readLine(std::string_view line, ProxyHeader& header) {
  // Whatever follows the word is to be ignored.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) {
    return true;
  }
  if (std::ranges::count(line, ' ') != 4) {
    return false;
  }
  const std::string_view family = nextField(line);
  const std::string_view sourceHost = nextField(line);
  const std::string_view destinationHost = nextField(line);
  const std::string_view sourcePort = nextField(line);
  if (family != "TCP4" && family != "TCP6") {
    return false;
  }
  const auto source = addressOf(family == "TCP6", sourceHost, sourcePort);
  const auto destination = addressOf(family == "TCP6", destinationHost, line);
  if (!source || !destination) {
    return false;
  }
  header.named = true;
  header.source = *source;
  header.destination = *destination;
  return true;
}

ProxyRead readVersion1(base::Bytes held, ProxyHeader& header) {
  const base::Bytes looked = held.first(std::min(held.size(), kProxyLineBytesMax));
  const auto end = std::ranges::find_if(
      looked, [](std::byte byte) { return byte == std::byte{'\r'} || byte == std::byte{'\n'}; });
  const auto lineBytes = static_cast<std::size_t>(end - looked.begin());
  if (lineBytes + 2 > looked.size()) {
    const bool canEnd = lineBytes == looked.size() || *end == std::byte{'\r'};
    return canEnd && looked.size() < kProxyLineBytesMax ? ProxyRead::NeedMore
                                                        : ProxyRead::Malformed;
  }
  const std::string line = textOf(looked.first(lineBytes).subspan(kLineStart.size()));
  const bool ended = *end == std::byte{'\r'} && looked[lineBytes + 1] == std::byte{'\n'};
  header.bytes = lineBytes + 2;
  return ended && readLine(line, header) ? ProxyRead::Whole : ProxyRead::Malformed;
}

// ---- version 2 ----

std::size_t addressBytes(std::uint8_t family) noexcept {
  switch (family & ~kTransportMask) {
    case Ipv4:
      return std::size_t{2} * (4 + 2);
    case Ipv6:
      return std::size_t{2} * (16 + 2);
    default:
      return 2 * kUnixPathBytes;
  }
}

template <std::size_t size>
std::array<std::uint8_t, size> arrayOf(base::Bytes bytes) noexcept {
  std::array<std::uint8_t, size> array{};
  std::ranges::transform(bytes.first(size), array.begin(), std::to_integer<std::uint8_t>);
  return array;
}

/// Up to the first zero. An abstract name, which begins with one, is shown as an unnamed socket.
base::Address unixAddress(base::Bytes path) {
  const std::string text = textOf(path);
  return base::Address::unixPath(
      std::string_view(text).substr(0, std::min(text.find('\0'), kUnixPathBytes - 1)));
}

void readAddresses(ProxyHeader& header) {
  Cursor block(header.addresses);
  header.named = true;
  if ((header.family & ~kTransportMask) == Unix) {
    header.source = unixAddress(block.take(kUnixPathBytes));
    header.destination = unixAddress(block.take(kUnixPathBytes));
    return;
  }
  const bool ipv6 = (header.family & ~kTransportMask) == Ipv6;
  const base::Bytes source = block.take(ipv6 ? 16 : 4);
  const base::Bytes destination = block.take(ipv6 ? 16 : 4);
  const auto sourcePort = static_cast<std::uint16_t>(block.number(2));
  const auto destinationPort = static_cast<std::uint16_t>(block.number(2));
  header.source = ipv6 ? base::Address::ipv6(arrayOf<16>(source), sourcePort, 0)
                       : base::Address::ipv4(arrayOf<4>(source), sourcePort);
  header.destination = ipv6 ? base::Address::ipv6(arrayOf<16>(destination), destinationPort, 0)
                            : base::Address::ipv4(arrayOf<4>(destination), destinationPort);
}

ProxyRead readVersion2(base::Bytes held, ProxyHeader& header) {
  Cursor fixed(held.subspan(kSignature.size()));
  if (held.size() < kFixedBytes) {
    const bool known = fixed.left() == 0 || (fixed.number(1) | 1U) == kProxyCommand;
    return known ? ProxyRead::NeedMore : ProxyRead::Malformed;
  }
  const std::uint32_t command = fixed.number(1);
  const auto family = static_cast<std::uint8_t>(fixed.number(1));
  const std::size_t size = fixed.number(2);
  const bool known = (command == kLocalCommand || command == kProxyCommand) &&
                     (family & ~kTransportMask) <= Unix &&
                     (family & kTransportMask) <= kTransportMax;
  if (!known || kFixedBytes + size > kProxyHeaderBytesMax) {
    return ProxyRead::Malformed;
  }
  header.bytes = kFixedBytes + size;
  const bool named = command == kProxyCommand && (family & ~kTransportMask) != Unspecified &&
                     (family & kTransportMask) != 0;
  if (named && size < addressBytes(family)) {
    return ProxyRead::Malformed;
  }
  if (held.size() < header.bytes) {
    return ProxyRead::NeedMore;
  }
  // Without a name everything that follows is to be ignored, whatever it is.
  if (!named) {
    return ProxyRead::Whole;
  }
  const base::Bytes block = held.subspan(kFixedBytes, size);
  header.family = family;
  header.addresses = block.first(addressBytes(family));
  header.tlvs = block.subspan(addressBytes(family));
  readAddresses(header);
  return tlvsAreRight(held.first(header.bytes), header.tlvs.size()) ? ProxyRead::Whole
                                                                    : ProxyRead::Malformed;
}

}  // namespace

ProxyRead readProxyHeader(base::Bytes held, ProxyHeader& header) noexcept {
  header = {};
  if (agree(held, kSignature)) {
    return held.size() < kSignature.size() ? ProxyRead::NeedMore : readVersion2(held, header);
  }
  if (agree(held, kLineStart)) {
    return held.size() < kLineStart.size() ? ProxyRead::NeedMore : readVersion1(held, header);
  }
  return ProxyRead::Absent;
}

// ---- writing ----

namespace {

/// Writes to the front of what is left; what does not fit is remembered.
class Writer {
 public:
  explicit Writer(base::MutableBytes into) noexcept : into_(into) {}

  void add(base::Bytes bytes) noexcept {
    if (bytes.size() > into_.size() - used_) {
      full_ = true;
      return;
    }
    std::ranges::copy(bytes, into_.subspan(used_).begin());
    used_ += bytes.size();
  }

  void add(std::string_view text) noexcept { add(base::bytesOf(text)); }

  void zeros(std::size_t bytes) noexcept {
    constexpr std::array<std::byte, kUnixPathBytes> kZeros{};
    add(std::span(kZeros).first(bytes));
  }

  /// Of up to four bytes, in network order.
  void number(std::size_t value, std::size_t bytes) noexcept {
    for (std::size_t left = bytes; left > 0; --left) {
      const std::array<std::byte, 1> one{static_cast<std::byte>(value >> (8 * (left - 1)))};
      add(one);
    }
  }

  [[nodiscard]] std::size_t written() const noexcept { return full_ ? 0 : used_; }

 private:
  base::MutableBytes into_;
  std::size_t used_ = 0;
  bool full_ = false;
};

bool isMapped(const base::Address& address) noexcept {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return address.family() == base::AddressFamily::Ipv6 &&
         std::equal(kMapped.begin(), kMapped.end(), address.ip().begin());
}

/// An IPv4 address that an IPv6 socket has seen is written as what it is.
base::Address unmapped(const base::Address& address) {
  if (!isMapped(address)) {
    return address;
  }
  const auto& ip = address.ip();
  return base::Address::ipv4({ip[12], ip[13], ip[14], ip[15]}, address.port());
}

/// '10.0.0.1' of '10.0.0.1:80', '::1' of '[::1]:80'; without a scope, which has no place there.
std::string hostOf(const base::Address& address) {
  const std::string text = address.toString();
  const bool ipv6 = address.family() == base::AddressFamily::Ipv6;
  const std::size_t end = ipv6 ? text.find_first_of("%]") : text.rfind(':');
  return ipv6 ? text.substr(1, end - 1) : text.substr(0, end);
}

void writeVersion1(const ProxyHeader& header, Writer& writer) {
  const base::Address source = unmapped(header.source);
  const base::Address destination = unmapped(header.destination);
  const bool ip =
      source.family() == destination.family() && source.family() != base::AddressFamily::Unix;
  if (!header.named || !ip) {
    writer.add(kLineStart);
    writer.add("UNKNOWN\r\n");
    return;
  }
  std::string line(kLineStart);
  line.append(source.family() == base::AddressFamily::Ipv6 ? "TCP6 " : "TCP4 ");
  line.append(hostOf(source)).append(" ").append(hostOf(destination)).append(" ");
  line.append(std::to_string(source.port())).append(" ");
  line.append(std::to_string(destination.port())).append("\r\n");
  writer.add(line);
}

void addPath(const base::Address& address, Writer& writer) noexcept {
  writer.add(address.path());
  writer.zeros(kUnixPathBytes - address.path().size());
}

void addIp(const base::Address& address, Writer& writer) noexcept {
  const std::span<const std::uint8_t> ip = address.ip();
  writer.add(std::as_bytes(ip.first(address.family() == base::AddressFamily::Ipv4 ? 4 : 16)));
}

/// The family and the addresses as they came, or made from our own.
void addAddresses(const ProxyHeader& header, Writer& writer) {
  const std::size_t tlvBytes = header.tlvs.size();
  if (!header.addresses.empty()) {
    writer.number(header.family, 1);
    writer.number(header.addresses.size() + tlvBytes, 2);
    writer.add(header.addresses);
    return;
  }
  const base::Address source = unmapped(header.source);
  const base::Address destination = unmapped(header.destination);
  if (!header.named || source.family() != destination.family()) {
    writer.number(Unspecified, 1);
    writer.number(tlvBytes, 2);
    return;
  }
  const bool path = source.family() == base::AddressFamily::Unix;
  const bool ipv6 = source.family() == base::AddressFamily::Ipv6;
  const std::uint8_t family = (path ? Unix : ipv6 ? Ipv6 : Ipv4) | kStream;
  writer.number(family, 1);
  writer.number(addressBytes(family) + tlvBytes, 2);
  if (path) {
    addPath(source, writer);
    addPath(destination, writer);
    return;
  }
  addIp(source, writer);
  addIp(destination, writer);
  writer.number(source.port(), 2);
  writer.number(destination.port(), 2);
}

}  // namespace

std::size_t writeProxyHeader(ProxyVersion version, const ProxyHeader& header,
                             base::MutableBytes into) noexcept {
  const base::MutableBytes room = into.first(std::min(into.size(), kProxyHeaderBytesMax));
  Writer writer(room);
  if (version == ProxyVersion::V1) {
    writeVersion1(header, writer);
    return writer.written();
  }
  writer.add(kSignature);
  writer.number(kProxyCommand, 1);
  addAddresses(header, writer);
  writer.add(header.tlvs);
  const std::size_t written = writer.written();
  renewChecksum(room.first(written), header.tlvs.size());
  return written;
}

}  // namespace weft::codec
