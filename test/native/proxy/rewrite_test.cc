// What a path becomes: the table of the Gateway API (HTTPPathModifier), and where clients are sent.
#include "proxy/rewrite.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace weft::proxy {
namespace {

std::string rewritten(bool prefixOnly, std::string value, std::string_view path,
                      std::size_t prefixBytes) {
  const snapshot::PathRewrite rewrite{.prefixOnly = prefixOnly, .value = std::move(value)};
  const RewrittenPath pieces = rewritePath(rewrite, path, prefixBytes);
  return std::string(pieces.before) + std::string(pieces.behind);
}

struct PrefixCase {
  std::string_view path;
  std::string_view prefix;
  std::string value;
  std::string_view expected;
};

TEST(Rewrite, ReplacesAPrefix) {
  const std::array<PrefixCase, 13> cases = {{
      {"/foo/bar", "/foo", "/xyz", "/xyz/bar"},
      {"/foo/bar", "/foo", "/xyz/", "/xyz/bar"},
      {"/foo", "/foo", "/xyz", "/xyz"},
      {"/foo/", "/foo", "/xyz", "/xyz/"},
      {"/foo/bar", "/foo", "", "/bar"},
      {"/foo/", "/foo", "", "/"},
      {"/foo", "/foo", "", "/"},
      {"/foo/", "/foo", "/", "/"},
      {"/foo", "/foo", "/", "/"},
      {"/foo?a=/b", "/foo", "/", "/?a=/b"},
      {"/foo/bar?a", "/foo", "/xyz", "/xyz/bar?a"},
      {"/any", "", "/xyz", "/xyz/any"},
      {"/", "", "/xyz", "/xyz/"},
  }};
  for (const PrefixCase& one : cases) {
    EXPECT_EQ(rewritten(true, one.value, one.path, one.prefix.size()), one.expected)
        << one.path << " " << one.value;
  }
}

TEST(Rewrite, ReplacesAPathAndKeepsItsQuery) {
  EXPECT_EQ(rewritten(false, "/new", "/old/path?a=b?c", 4), "/new?a=b?c");
  EXPECT_EQ(rewritten(false, "/new", "/old", 0), "/new");
}

std::string location(const snapshot::Redirect& redirect, std::string_view authority = "a.com:8080",
                     std::string_view scheme = "http") {
  return redirectLocation(redirect, scheme, authority, "/p/q?r", 2);
}

TEST(Rewrite, SendsClientsElsewhere) {
  EXPECT_EQ(location({}), "http://a.com:8080/p/q?r");
  EXPECT_EQ(location({.scheme = "https"}), "https://a.com/p/q?r");
  EXPECT_EQ(location({.scheme = "https", .port = 443}), "https://a.com/p/q?r");
  EXPECT_EQ(location({.scheme = "https", .port = 8443}), "https://a.com:8443/p/q?r");
  EXPECT_EQ(location({.port = 80}), "http://a.com/p/q?r");
  EXPECT_EQ(location({.port = 443}), "http://a.com:443/p/q?r");
  EXPECT_EQ(location({.hostname = "b.org"}), "http://b.org:8080/p/q?r");
  EXPECT_EQ(location({}, "[::1]:80"), "http://[::1]:80/p/q?r");
  EXPECT_EQ(location({.port = 81}, "[::1]"), "http://[::1]:81/p/q?r");
  EXPECT_EQ(location({}, "a.com", "https"), "https://a.com/p/q?r");
  EXPECT_EQ(location({.path = snapshot::PathRewrite{.prefixOnly = true, .value = "/n"}}),
            "http://a.com:8080/n/q?r");
  EXPECT_EQ(location({.path = snapshot::PathRewrite{.prefixOnly = false, .value = "/n"}}),
            "http://a.com:8080/n?r");
}

}  // namespace
}  // namespace weft::proxy
