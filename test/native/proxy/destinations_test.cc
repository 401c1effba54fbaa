// What an original destination means: whose claim wins, and which addresses are our own.
#include "proxy/destinations.h"

#include <gtest/gtest.h>

#include "support/snapshots.h"

namespace weft::test {
namespace {

using proxy::Destinations;

class DestinationsTest : public testing::Test {
 protected:
  void claim(std::uint32_t cluster, const char* address, std::uint32_t bits) {
    config.cluster(cluster).destinations.push_back(
        {.address = addressOf(address), .prefixBits = bits});
  }

  /// 0: nobody.
  std::uint32_t claimant(const char* address) {
    const auto found = Destinations(*config.build()).claimant(addressOf(address));
    return found ? found->number : 0;
  }

  SnapshotBuilder config;
};

TEST_F(DestinationsTest, NobodyClaimsWhatNoClusterNames) {
  EXPECT_EQ(claimant("10.0.0.1:80"), 0U);
  claim(1, "10.0.0.1:80", 32);
  EXPECT_EQ(claimant("10.0.0.1:80"), 1U);
  EXPECT_EQ(claimant("10.0.0.1:81"), 0U);
  EXPECT_EQ(claimant("10.0.0.2:80"), 0U);
  EXPECT_EQ(claimant("[::1]:80"), 0U);
}

TEST_F(DestinationsTest, TheLongestPrefixWins) {
  claim(1, "10.0.0.0:0", 8);
  claim(2, "10.1.0.0:0", 16);
  claim(3, "10.1.2.3:0", 32);
  EXPECT_EQ(claimant("10.9.9.9:1"), 1U);
  EXPECT_EQ(claimant("10.1.9.9:1"), 2U);
  EXPECT_EQ(claimant("10.1.2.3:1"), 3U);
  EXPECT_EQ(claimant("11.0.0.0:1"), 0U);
}

TEST_F(DestinationsTest, OfEqualPrefixesTheOneWithThePortWins) {
  claim(1, "10.0.0.0:0", 8);
  claim(2, "10.0.0.0:5432", 8);
  EXPECT_EQ(claimant("10.1.1.1:5432"), 2U);
  EXPECT_EQ(claimant("10.1.1.1:5433"), 1U);
}

TEST_F(DestinationsTest, ALongerPrefixWinsOverAPort) {
  claim(1, "0.0.0.0:5432", 0);
  claim(2, "10.0.0.0:0", 8);
  EXPECT_EQ(claimant("10.1.1.1:5432"), 2U);
  EXPECT_EQ(claimant("192.0.2.1:5432"), 1U);
}

TEST_F(DestinationsTest, PrefixesMayEndWithinAByte) {
  claim(1, "172.16.0.0:0", 12);
  claim(2, "[2001:db8:8000::]:0", 33);
  EXPECT_EQ(claimant("172.31.255.255:1"), 1U);
  EXPECT_EQ(claimant("172.32.0.0:1"), 0U);
  EXPECT_EQ(claimant("[2001:db8:ffff::1]:1"), 2U);
  EXPECT_EQ(claimant("[2001:db8:7fff::1]:1"), 0U);
}

TEST_F(DestinationsTest, AListenersAddressIsOurs) {
  config.listener(1).address = addressOf("10.0.0.1:80");
  const Destinations destinations(*config.build());
  EXPECT_TRUE(destinations.isOurs(addressOf("10.0.0.1:80"), false));
  EXPECT_FALSE(destinations.isOurs(addressOf("10.0.0.1:81"), false));
  EXPECT_FALSE(destinations.isOurs(addressOf("10.0.0.2:80"), true));
}

TEST_F(DestinationsTest, AListenerOnAllAddressesHasThoseOfThisHost) {
  config.listener(1).address = addressOf("[::]:4143");
  const Destinations destinations(*config.build());
  EXPECT_TRUE(destinations.isOurs(addressOf("10.0.0.1:4143"), true));
  EXPECT_TRUE(destinations.isOurs(addressOf("[fd00::1]:4143"), true));
  EXPECT_TRUE(destinations.isOurs(addressOf("127.0.0.1:4143"), false));
  EXPECT_TRUE(destinations.isOurs(addressOf("[::1]:4143"), false));
  EXPECT_FALSE(destinations.isOurs(addressOf("10.0.0.9:4143"), false));
}

TEST_F(DestinationsTest, AnIpv4ListenerOnAllAddressesHasNoIpv6Ones) {
  config.listener(1).address = addressOf("0.0.0.0:4143");
  const Destinations destinations(*config.build());
  EXPECT_TRUE(destinations.isOurs(addressOf("10.0.0.1:4143"), true));
  EXPECT_FALSE(destinations.isOurs(addressOf("[fd00::1]:4143"), true));
}

}  // namespace
}  // namespace weft::test
