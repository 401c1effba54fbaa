// Hashes of addresses: what counts and what does not, and that they never change.
#include "base/hash.h"

#include <set>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

Address parsed(const char* text) {
  return Address::parse(text).value();
}

TEST(HashTest, DependsOnAllThatMakesAddressesDiffer) {
  const std::set<std::uint64_t> hashes = {
      hashOf(parsed("10.0.0.1:80")),      hashOf(parsed("10.0.0.1:81")),
      hashOf(parsed("10.0.0.2:80")),      hashOf(parsed("[::1]:80")),
      hashOf(parsed("[fe80::1%1]:80")),   hashOf(parsed("[fe80::1%2]:80")),
      hashOf(parsed("unix:/run/a.sock")), hashOf(parsed("unix:/run/b.sock")),
      hashOf(parsed("unix:/run/ab.soc"))};
  EXPECT_EQ(hashes.size(), 9U);
}

TEST(HashTest, OfAHostLeavesOutThePort) {
  EXPECT_EQ(hashOfHost(parsed("10.0.0.1:80")), hashOfHost(parsed("10.0.0.1:41000")));
  EXPECT_NE(hashOfHost(parsed("10.0.0.1:80")), hashOfHost(parsed("10.0.0.2:80")));
  EXPECT_EQ(hashOfHost(parsed("[2001:db8::1]:80")), hashOfHost(parsed("[2001:db8::1]:9")));
}

TEST(HashTest, OfAHostIsOneForAMappedAddress) {
  EXPECT_EQ(hashOfHost(parsed("[::ffff:10.0.0.1]:80")), hashOfHost(parsed("10.0.0.1:80")));
  EXPECT_NE(hashOfHost(parsed("[::fffe:10.0.0.1]:80")), hashOfHost(parsed("10.0.0.1:80")));
}

TEST(HashTest, OfAHostIsZeroForUnixSocketsOnly) {
  EXPECT_EQ(hashOfHost(parsed("unix:/run/a.sock")), 0U);
  EXPECT_EQ(hashOfHost(Address::unixPath({})), 0U);
  EXPECT_NE(hashOfHost(parsed("0.0.0.0:0")), 0U);
}

TEST(HashTest, NeverChanges) {
  EXPECT_EQ(hashOf(parsed("10.0.0.1:80")), 5380866811136222439U);
  EXPECT_EQ(hashOfHost(parsed("10.0.0.1:80")), 5225864426022115510U);
  EXPECT_EQ(hashOfHost(parsed("[2001:db8::1]:80")), 4904789467956837897U);
}

}  // namespace
}  // namespace weft::base
