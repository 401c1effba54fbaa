#include "base/network.h"

#include <cstdint>
#include <string_view>

#include <gtest/gtest.h>

#include "base/address.h"

namespace weft::base {
namespace {

bool contains(std::string_view network, std::uint8_t prefixBits, std::string_view address) {
  return Network(Address::parse(network).value(), prefixBits)
      .contains(Address::parse(address).value());
}

TEST(Network, HasTheAddressesThatShareItsFirstBits) {
  EXPECT_TRUE(contains("10.0.0.0:0", 8, "10.255.1.2:80"));
  EXPECT_FALSE(contains("10.0.0.0:0", 8, "11.0.0.0:80"));
  EXPECT_TRUE(contains("10.1.128.0:0", 17, "10.1.255.255:80"));
  EXPECT_FALSE(contains("10.1.128.0:0", 17, "10.1.127.255:80"));
  EXPECT_TRUE(contains("10.1.2.3:0", 32, "10.1.2.3:1"));
  EXPECT_FALSE(contains("10.1.2.3:0", 32, "10.1.2.2:1"));
  EXPECT_TRUE(contains("0.0.0.0:0", 0, "203.0.113.9:1"));
  EXPECT_TRUE(contains("[fd00::]:0", 8, "[fdff::1]:1"));
  EXPECT_FALSE(contains("[fd00::]:0", 8, "[fe80::1]:1"));
  EXPECT_TRUE(contains("[2001:db8::1]:0", 128, "[2001:db8::1]:1"));
}

TEST(Network, KeepsFamiliesApartButForMappedAddresses) {
  EXPECT_TRUE(contains("10.0.0.0:0", 8, "[::ffff:10.1.2.3]:1"));
  EXPECT_FALSE(contains("10.0.0.0:0", 8, "[::ffff:11.1.2.3]:1"));
  EXPECT_FALSE(contains("0.0.0.0:0", 0, "[::1]:1"));
  EXPECT_FALSE(contains("[::]:0", 0, "10.0.0.1:1"));
  EXPECT_FALSE(contains("0.0.0.0:0", 0, "unix:/run/a"));
}

}  // namespace
}  // namespace weft::base
