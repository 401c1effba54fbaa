// Addresses: what is accepted comes back equal, and everything else is refused.
#include "base/address.h"

#include <string>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

Address parsed(std::string_view text) {
  const Result<Address> address = Address::parse(text);
  EXPECT_TRUE(address.ok()) << text;
  return address.ok() ? address.value() : Address{};
}

class CanonicalAddressTest : public testing::TestWithParam<const char*> {};

TEST_P(CanonicalAddressTest, ComesBackAsItWasWritten) {
  const Address address = parsed(GetParam());
  EXPECT_EQ(address.toString(), GetParam());
  EXPECT_EQ(parsed(address.toString()), address);
}

INSTANTIATE_TEST_SUITE_P(Addresses, CanonicalAddressTest,
                         testing::Values("127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535",
                                         "[::]:0", "[::1]:65535", "[2001:db8::ff00:42:8329]:443",
                                         "[fe80::1%2]:80", "[fe80::1%4294967295]:1",
                                         "[::ffff:10.0.0.1]:80", "unix:/run/app.sock", "unix:a",
                                         "unix:/path with:colons and spaces"));

TEST(AddressTest, WritesTheShortFormOfALongIpv6Address) {
  EXPECT_EQ(parsed("[2001:0DB8:0000:0000:0000:0000:0000:0001]:080").toString(), "[2001:db8::1]:80");
  EXPECT_EQ(parsed("[fe80::1%0]:80").toString(), "[fe80::1]:80");
}

TEST(AddressTest, GivesThePartsOfAnIpv4Address) {
  const Address address = parsed("10.1.2.3:8080");
  EXPECT_EQ(address.family(), AddressFamily::Ipv4);
  EXPECT_EQ(address.port(), 8080);
  EXPECT_EQ(address.ip()[0], 10);
  EXPECT_EQ(address.ip()[3], 3);
  EXPECT_EQ(address.ip()[4], 0);
  EXPECT_EQ(address, Address::ipv4({10, 1, 2, 3}, 8080));
}

TEST(AddressTest, GivesThePartsOfAnIpv6Address) {
  const Address address = parsed("[fe80::1%7]:8080");
  EXPECT_EQ(address.family(), AddressFamily::Ipv6);
  EXPECT_EQ(address.scope(), 7U);
  EXPECT_EQ(address.ip()[0], 0xfe);
  EXPECT_EQ(address.ip()[15], 1);
  EXPECT_EQ(address, Address::ipv6(address.ip(), 8080, 7));
}

TEST(AddressTest, GivesThePathOfAUnixSocket) {
  const std::string longest(Address::kUnixPathBytesMax, 'p');
  const Address address = parsed("unix:" + longest);
  EXPECT_EQ(address.family(), AddressFamily::Unix);
  EXPECT_EQ(address.path(), longest);
  EXPECT_EQ(address.port(), 0);
  EXPECT_EQ(Address::unixPath("").toString(), "unix:") << "an unnamed socket, as a peer can have";
}

TEST(AddressTest, TellsDifferentAddressesApart) {
  EXPECT_NE(parsed("127.0.0.1:80"), parsed("127.0.0.1:81"));
  EXPECT_NE(parsed("127.0.0.1:80"), parsed("127.0.0.2:80"));
  EXPECT_NE(parsed("[fe80::1%1]:80"), parsed("[fe80::1%2]:80"));
  EXPECT_NE(parsed("[::ffff:127.0.0.1]:80"), parsed("127.0.0.1:80"));
  EXPECT_NE(parsed("unix:/a"), parsed("unix:/b"));
}

class RefusedAddressTest : public testing::TestWithParam<std::string> {};

TEST_P(RefusedAddressTest, IsABadAddressWithAReason) {
  const Result<Address> address = Address::parse(GetParam());
  ASSERT_FALSE(address.ok()) << address.value().toString();
  EXPECT_EQ(address.error().code, ErrorCode::BadAddress);
  EXPECT_NE(std::string(address.error().text), "");
}

INSTANTIATE_TEST_SUITE_P(Addresses, RefusedAddressTest,
                         testing::Values(
                             // Ports.
                             "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                             "127.0.0.1:+1", "127.0.0.1: 80", "127.0.0.1:80 ", "127.0.0.1:0x50",
                             "127.0.0.1:http", "127.0.0.1:99999999999999999999",
                             // IPv4.
                             ":80", "localhost:80", "127.0.0:80", "127.0.0.0.1:80", "256.0.0.1:80",
                             "127.0.0.1.:80", "0177.0.0.1:80", " 127.0.0.1:80", "*:80",
                             std::string("127.0.0.1\0:80", 13),
                             // IPv6.
                             "::1:80", "[::1]", "[::1:80", "::1]:80", "[]:80", "[:]:80", "[:::]:80",
                             "[::g]:80", "[1:2:3:4:5:6:7]:80", "[1:2:3:4:5:6:7:8:9]:80",
                             "[127.0.0.1]:80", "[::1]x:80", "[fe80::1%]:80", "[fe80::1%eth0]:80",
                             "[fe80::1%-1]:80", "[fe80::1%4294967296]:80", "[fe80::1%1%1]:80",
                             std::string("[::1\0]:80", 9),
                             // Unix sockets.
                             "unix:", "unix:" + std::string(Address::kUnixPathBytesMax + 1, 'p'),
                             std::string("unix:/a\0b", 9), "Unix:/a"));

TEST(AddressDeathTest, RefusesAPathThatNoSocketCanHave) {
  const std::string tooLong(Address::kUnixPathBytesMax + 1, 'p');
  EXPECT_DEATH(static_cast<void>(Address::unixPath(tooLong)), "internal check failed");
}

}  // namespace
}  // namespace weft::base
