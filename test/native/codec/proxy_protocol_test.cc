// Headers of the PROXY protocol as its document describes them: read, refused, cut everywhere,
// written and read again.
#include "codec/proxy_protocol.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/address.h"
#include "base/bytes.h"
#include "codec/crc32c.h"
#include "support/first_messages.h"

namespace weft::codec {
namespace {

using test::counted;
using test::number;

ProxyRead read(std::string_view bytes) {
  ProxyHeader header;
  return readProxyHeader(base::bytesOf(bytes), header);
}

ProxyHeader whole(std::string_view bytes) {
  ProxyHeader header;
  EXPECT_EQ(readProxyHeader(base::bytesOf(bytes), header), ProxyRead::Whole)
      << testing::PrintToString(std::string(bytes));
  return header;
}

std::string write(ProxyVersion version, const ProxyHeader& header) {
  std::array<std::byte, kProxyHeaderBytesMax> room{};
  const std::size_t size = writeProxyHeader(version, header, room);
  std::string text;
  for (const std::byte byte : base::Bytes(room).first(size)) {
    text.push_back(static_cast<char>(byte));
  }
  return text;
}

base::Address address(std::string_view text) {
  return base::Address::parse(text).value();
}

ProxyHeader named(std::string_view source, std::string_view destination) {
  return {.named = true,
          .source = address(source),
          .destination = address(destination),
          .addresses = {},
          .tlvs = {}};
}

std::string version2(std::size_t command, std::size_t family, std::string_view block) {
  return std::string("\r\n\r\n\0\r\nQUIT\n", 12) + number(command, 1) + number(family, 1) +
         counted(block, 2);
}

const std::string kIpv4Block =
    number(0xc0000201, 4) + number(0xc6336402, 4) + number(56324, 2) + number(443, 2);

const std::string kIpv6Block = std::string(32, '\x20').append(number(0x00010002, 4));

const std::string kLongest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

std::string tlv(std::size_t type, std::string_view value) {
  return number(type, 1) + counted(value, 2);
}

/// With its checksum at the end.
std::string checkedHeader(std::string_view tlvs) {
  std::string header =
      version2(0x21, 0x11, kIpv4Block + std::string(tlvs) + tlv(0x03, number(0, 4)));
  Crc32c crc;
  crc.add(base::bytesOf(header));
  return header.replace(header.size() - 4, 4, number(crc.value(), 4));
}

std::string unixBlock(std::string_view source, std::string_view destination) {
  std::string block(source);
  block.resize(108);
  block.append(destination);
  block.resize(216);
  return block;
}

const std::string kTls =
    tlv(0x20, number(1, 1) + number(0, 4) + tlv(0x21, "TLSv1.3") + tlv(0x22, "client.example.com"));
const std::string kTlvs = tlv(0x01, "h2") + tlv(0x02, "shop.example.com") + tlv(0x04, "   ") +
                          tlv(0x05, std::string(128, 'u')) + kTls + tlv(0x30, "blue") +
                          tlv(0xe0, "own");

std::vector<std::string> goodHeaders() {
  return {
      "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n",
      "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
      "PROXY TCP6 2001:db8::1 ::1 0 65535\r\n",
      "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n",
      "PROXY TCP6 " + kLongest + " " + kLongest + " 65535 65535\r\n",
      "PROXY UNKNOWN\r\n",
      "PROXY UNKNOWN " + kLongest + " " + kLongest + " 65535 65535\r\n",
      version2(0x20, 0x00, ""),
      version2(0x20, 0x11, "anything at all"),
      version2(0x21, 0x00, "anything at all"),
      version2(0x21, 0x10, ""),
      version2(0x21, 0x11, kIpv4Block),
      version2(0x21, 0x12, kIpv4Block),
      version2(0x21, 0x21, kIpv6Block),
      version2(0x21, 0x31, unixBlock("/run/one.sock", "/run/two.sock")),
      version2(0x21, 0x11, kIpv4Block + kTlvs),
      version2(0x21, 0x22, kIpv6Block + kTlvs),
      checkedHeader(kTlvs),
      checkedHeader(""),
  };
}

TEST(ProxyProtocol, ReadsTheExampleOfTheDocument) {
  const std::string bytes = "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\n";
  const ProxyHeader header = whole(bytes);
  EXPECT_TRUE(header.named);
  EXPECT_EQ(header.source, address("192.168.0.1:56324"));
  EXPECT_EQ(header.destination, address("192.168.0.11:443"));
  EXPECT_EQ(bytes.substr(header.bytes), "GET / HTTP/1.1\r\n");
}

TEST(ProxyProtocol, ReadsVersion2) {
  const std::string bytes = version2(0x21, 0x11, kIpv4Block + kTlvs);
  const ProxyHeader header = whole(bytes + "more");
  EXPECT_EQ(header.source, address("192.0.2.1:56324"));
  EXPECT_EQ(header.destination, address("198.51.100.2:443"));
  EXPECT_EQ(header.tlvs.size(), kTlvs.size());
  EXPECT_EQ(header.bytes, bytes.size());
  const std::string unixBytes = version2(0x21, 0x31, unixBlock("/run/one.sock", ""));
  EXPECT_EQ(whole(unixBytes).source, base::Address::unixPath("/run/one.sock"));
  EXPECT_EQ(whole(unixBytes).destination, base::Address::unixPath(""));
  const std::string longBytes = version2(0x21, 0x31, unixBlock(std::string(108, 'x'), "\0name"));
  EXPECT_EQ(whole(longBytes).source.path().size(), 107U);
}

TEST(ProxyProtocol, TakesTheAddressesOfTheConnectionWhenNobodyIsNamed) {
  for (const std::string& bytes :
       {std::string("PROXY UNKNOWN\r\n"), std::string("PROXY UNKNOWN what ever\r\n"),
        version2(0x20, 0x00, ""), version2(0x20, 0x11, kIpv4Block), version2(0x21, 0x00, "x"),
        version2(0x21, 0x01, ""), version2(0x21, 0x10, kIpv4Block)}) {
    const ProxyHeader header = whole(bytes);
    EXPECT_FALSE(header.named);
    EXPECT_TRUE(header.tlvs.empty());
    EXPECT_EQ(header.bytes, bytes.size());
  }
}

TEST(ProxyProtocol, SaysTheSameForEverySplit) {
  for (const std::string& bytes : goodHeaders()) {
    for (std::size_t end = 0; end < bytes.size(); ++end) {
      ASSERT_EQ(read(bytes.substr(0, end)), ProxyRead::NeedMore)
          << testing::PrintToString(bytes) << " " << end;
    }
    ASSERT_EQ(read(bytes), ProxyRead::Whole) << testing::PrintToString(bytes);
    ASSERT_EQ(whole(bytes + "\r\n").bytes, bytes.size());
  }
}

TEST(ProxyProtocol, RefusesWhatTheDocumentDoesNotAllow) {
  const std::vector<std::string> wrong = {
      "PROXY \r\n",
      "PROXY TCP4\r\n",
      "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
      "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
      "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
      "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
      "PROXY TCP4 ::1 ::1 1 2\r\n",
      "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY TCP6 fe80::1%1 ::1 1 2\r\n",
      "PROXY TCP6 ::1::2 ::1 1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2x\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rx",
      "PROXY UNKNOWNX\r\n",
      "PROXY UNKNOWN\n",
      "PROXY " + std::string(kProxyLineBytesMax, 'x'),
      "PROXY UNKNOWN" + std::string(93, ' ') + "\r\n",
      version2(0x11, 0x11, kIpv4Block),
      version2(0x22, 0x11, kIpv4Block),
      version2(0x2f, 0x11, kIpv4Block),
      version2(0x21, 0x41, kIpv4Block),
      version2(0x21, 0x13, kIpv4Block),
      version2(0x21, 0x11, kIpv4Block.substr(1)),
      version2(0x21, 0x21, kIpv4Block),
      version2(0x21, 0x31, std::string(215, '\0')),
      version2(0x20, 0x00, std::string(kProxyHeaderBytesMax - 15, '\0')),
      version2(0x21, 0x11, kIpv4Block + "x"),
      version2(0x21, 0x11, kIpv4Block + number(1, 1) + number(3, 2) + "ab"),
      version2(0x21, 0x11, kIpv4Block + number(1, 1)),
      version2(0x21, 0x11, kIpv4Block + number(1, 1) + number(0, 1)),
      version2(0x21, 0x11, kIpv4Block + tlv(0x20, "abcde" + number(1, 1) + number(0, 1))),
      version2(0x21, 0x11, kIpv4Block + tlv(0x03, "abc")),
      version2(0x21, 0x11, kIpv4Block + tlv(0x03, "abcd")),
      version2(0x21, 0x11, kIpv4Block + tlv(0x05, std::string(129, 'u'))),
      version2(0x21, 0x11, kIpv4Block + tlv(0x20, "abcd")),
      version2(0x21, 0x11, kIpv4Block + tlv(0x20, "abcde" + tlv(1, "x") + "y")),
  };
  for (const std::string& bytes : wrong) {
    EXPECT_EQ(read(bytes), ProxyRead::Malformed) << testing::PrintToString(bytes);
  }
}

TEST(ProxyProtocol, TellsWhatIsNoHeader) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n"), std::string("P\r\n"), std::string("PROXYTCP4"),
        std::string("\r\nGET"), std::string("\r\n\r\n\0\r\nQUIT\r", 12), std::string(1, '\x16')}) {
    EXPECT_EQ(read(bytes), ProxyRead::Absent) << testing::PrintToString(bytes);
  }
}

TEST(ProxyProtocol, ChecksTheChecksum) {
  const std::string good = checkedHeader(kTlvs);
  const std::size_t checksumTlv = good.size() - 7;
  for (std::size_t at = 16; at < good.size(); ++at) {
    if (at == checksumTlv) {
      continue;  // Another type is no checksum.
    }
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x04);
    EXPECT_EQ(read(bytes), ProxyRead::Malformed) << at;
  }
  EXPECT_EQ(read(version2(0x21, 0x11, good.substr(16) + good.substr(good.size() - 7))),
            ProxyRead::Malformed);
}

TEST(ProxyProtocol, KnowsTheChecksumOfTheRfc) {
  // RFC 3720 B.4.
  Crc32c crc;
  crc.add(base::bytesOf(std::string(20, '\0')));
  crc.add(base::bytesOf(std::string(12, '\0')));
  EXPECT_EQ(crc.value(), 0x8a9136aaU);
  Crc32c digits;
  digits.add(base::bytesOf("123456789"));
  EXPECT_EQ(digits.value(), 0xe3069283U);
}

TEST(ProxyProtocol, WritesVersion1) {
  EXPECT_EQ(write(ProxyVersion::V1, named("192.0.2.1:56324", "198.51.100.2:443")),
            "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
  EXPECT_EQ(write(ProxyVersion::V1, named("[2001:db8::1]:1", "[fe80::1%2]:2")),
            "PROXY TCP6 2001:db8::1 fe80::1 1 2\r\n");
  EXPECT_EQ(write(ProxyVersion::V1, named("[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:2")),
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
  EXPECT_EQ(write(ProxyVersion::V1, named("192.0.2.1:1", "[::1]:2")), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(write(ProxyVersion::V1, named("unix:/run/a", "unix:/run/b")), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(write(ProxyVersion::V1, ProxyHeader{}), "PROXY UNKNOWN\r\n");
}

TEST(ProxyProtocol, WritesVersion2) {
  EXPECT_EQ(write(ProxyVersion::V2, named("192.0.2.1:56324", "198.51.100.2:443")),
            version2(0x21, 0x11, kIpv4Block));
  EXPECT_EQ(write(ProxyVersion::V2, named("unix:/run/a", "unix:/run/b")),
            version2(0x21, 0x31, unixBlock("/run/a", "/run/b")));
  EXPECT_EQ(write(ProxyVersion::V2, ProxyHeader{}), version2(0x21, 0x00, ""));
}

TEST(ProxyProtocol, PassesOnWhatItHasRead) {
  for (const std::string& bytes : goodHeaders()) {
    const ProxyHeader header = whole(bytes);
    if (!header.addresses.empty()) {
      EXPECT_EQ(write(ProxyVersion::V2, header), bytes);
    } else if (header.named) {
      const std::string written = write(ProxyVersion::V2, header);
      EXPECT_EQ(write(ProxyVersion::V1, whole(written)), write(ProxyVersion::V1, header));
    }
  }
}

TEST(ProxyProtocol, WritesANewChecksumWhenTheAddressesAreOthers) {
  const std::string bytes = checkedHeader(kTlvs);
  ProxyHeader header = whole(bytes);
  header.addresses = {};
  header.source = address("[2001:db8::1]:5");
  header.destination = address("[2001:db8::2]:6");
  const std::string written = write(ProxyVersion::V2, header);
  EXPECT_EQ(whole(written).source, header.source);
  EXPECT_EQ(whole(written).tlvs.size(), header.tlvs.size());
}

TEST(ProxyProtocol, WritesNothingThatDoesNotFit) {
  std::array<std::byte, 20> room{};
  EXPECT_EQ(writeProxyHeader(ProxyVersion::V1, named("192.0.2.1:1", "192.0.2.2:2"), room), 0U);
  EXPECT_EQ(writeProxyHeader(ProxyVersion::V2, named("192.0.2.1:1", "192.0.2.2:2"), room), 0U);
}

}  // namespace
}  // namespace weft::codec
