// Which route fits a ClientHello: names whole and behind a star, protocols, and nothing at all.
#include "proxy/tls_routes.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/allocation_counter.h"
#include "support/first_messages.h"

namespace weft::proxy {
namespace {

using snapshot::TlsRoute;

/// The index of the route for a client that offers these protocols; -1 without one.
int matched(const TlsRoutes& routes, std::string_view name,
            const std::vector<std::string>& offered = {}) {
  std::string list;
  for (const std::string& protocol : offered) {
    list += test::counted(protocol, 1);
  }
  const auto found = routes.match(name, codec::AlpnNames(list));
  return found ? static_cast<int>(*found) : -1;
}

TlsRoute named(std::vector<std::string> hostnames, std::vector<std::string> alpn = {}) {
  return {.hostnames = std::move(hostnames),
          .alpn = std::move(alpn),
          .backendRefs = {{.clusterId = base::ClusterId{1}}}};
}

TEST(TlsRoutes, FindTheNameItself) {
  const TlsRoutes routes({named({"a.example.com", "b.example.com"}), named({"example.com"})});
  EXPECT_EQ(matched(routes, "a.example.com"), 0);
  EXPECT_EQ(matched(routes, "b.example.com"), 0);
  EXPECT_EQ(matched(routes, "example.com"), 1);
  for (const std::string_view other :
       {"", "c.example.com", "x.a.example.com", "a.example.co", "a.example.comm", "com"}) {
    EXPECT_EQ(matched(routes, other), -1) << other;
  }
}

TEST(TlsRoutes, TakeAnyNumberOfLabelsForAStar) {
  const TlsRoutes routes({named({"*.example.com"})});
  EXPECT_EQ(matched(routes, "a.example.com"), 0);
  EXPECT_EQ(matched(routes, "a.b.c.example.com"), 0);
  for (const std::string_view other :
       {"example.com", "aexample.com", ".example.com", "a.example.com.evil.org", "example.com.a"}) {
    EXPECT_EQ(matched(routes, other), -1) << other;
  }
}

TEST(TlsRoutes, PreferTheLongestNameWhateverTheOrder) {
  const TlsRoutes routes({named({}), named({"*.com"}), named({"*.example.com"}),
                          named({"*.a.example.com"}), named({"b.a.example.com"})});
  EXPECT_EQ(matched(routes, "b.a.example.com"), 4);
  EXPECT_EQ(matched(routes, "c.a.example.com"), 3);
  EXPECT_EQ(matched(routes, "a.example.com"), 2);
  EXPECT_EQ(matched(routes, "example.com"), 1);
  EXPECT_EQ(matched(routes, "com"), 0);
  EXPECT_EQ(matched(routes, ""), 0);
}

TEST(TlsRoutes, PreferAProtocolThatIsOffered) {
  const TlsRoutes routes({named({"a.com"}), named({"a.com"}, {"h2", "h3"}),
                          named({"a.com"}, {"http/1.1"}), named({"*.com"}, {"acme-tls/1"})});
  EXPECT_EQ(matched(routes, "a.com", {"http/1.1"}), 2);
  EXPECT_EQ(matched(routes, "a.com", {"http/1.1", "h2"}), 1) << "the routes' order counts";
  EXPECT_EQ(matched(routes, "a.com", {"h3"}), 1);
  EXPECT_EQ(matched(routes, "a.com", {"h"}), 0);
  EXPECT_EQ(matched(routes, "a.com"), 0);
  EXPECT_EQ(matched(routes, "b.com", {"acme-tls/1"}), 3);
  EXPECT_EQ(matched(routes, "b.com", {"h2"}), -1);
}

TEST(TlsRoutes, GoOnToAShorterNameWhereNoProtocolFits) {
  const TlsRoutes routes({named({"a.b.com"}, {"h2"}), named({"*.b.com"}, {"h3"}), named({"*.com"}),
                          named({}, {"imap"})});
  EXPECT_EQ(matched(routes, "a.b.com", {"h2"}), 0);
  EXPECT_EQ(matched(routes, "a.b.com", {"h3"}), 1);
  EXPECT_EQ(matched(routes, "a.b.com", {"imap"}), 2);
  EXPECT_EQ(matched(routes, "a.org", {"imap"}), 3);
  EXPECT_EQ(matched(routes, "a.org", {"h2"}), -1);
}

TEST(TlsRoutes, StandNamesOfAllLengths) {
  const TlsRoutes routes({named({"*.a"})});
  std::string longest;
  while (longest.size() < 254) {
    longest += "a.";
  }
  longest += "a";
  EXPECT_EQ(matched(routes, longest), 0);
  EXPECT_EQ(matched(routes, std::string(255, '.')), -1);
  EXPECT_EQ(matched(routes, "."), -1);
  EXPECT_EQ(matched(routes, "a"), -1);
}

TEST(TlsRoutes, AllocateNothingForAMatch) {
  const TlsRoutes routes({named({"*.a-name-that-is-too-long-for-the-string-itself.example.com"}),
                          named({"x.example.com"}, {"h2"}), named({})});
  const std::uint64_t before = test::allocationCount();
  const auto found = routes.match("www.b.a-name-that-is-too-long-for-the-string-itself.example.com",
                                  codec::AlpnNames({"\x08http/1.1", 9}));
  EXPECT_EQ(test::allocationCount(), before);
  EXPECT_EQ(found, 0U);
}

}  // namespace
}  // namespace weft::proxy
