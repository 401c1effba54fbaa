// Which rule fits a request. The precedence as a whole is compared with a second program by
// test/contract/routes.test.ts; here are the costs, and what a path or a header may look like.
#include "proxy/route_table.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/allocation_counter.h"

namespace weft::proxy {
namespace {

using snapshot::HttpMatch;
using snapshot::HttpRule;
using snapshot::PathMatchType;

HttpRule hosted(std::vector<std::string> hostnames) {
  HttpRule rule;
  rule.hostnames = std::move(hostnames);
  return rule;
}

HttpRule onPath(PathMatchType type, std::string path) {
  HttpRule rule;
  rule.matches.push_back({.path = {.type = type, .value = std::move(path)}});
  return rule;
}

HttpRule withHeader(std::string name, std::string value) {
  HttpRule rule;
  rule.matches.push_back({.headers = {{.name = std::move(name), .value = std::move(value)}}});
  return rule;
}

/// The index of the rule; -1 without one.
int matched(const RouteTable& table, std::string_view authority, std::string_view path,
            const codec::H1Fields& fields = {{}, {}}) {
  const auto found =
      table.match({.method = "GET", .authority = authority, .path = path, .fields = fields});
  return found ? static_cast<int>(found->rule) : -1;
}

TEST(RouteTable, OfPrefixesTheLongestThatEndsWithASegment) {
  const RouteTable table(
      1, {onPath(PathMatchType::Prefix, "/a/b"), onPath(PathMatchType::Prefix, "/a"),
          onPath(PathMatchType::Prefix, "/a/b/c/")});
  EXPECT_EQ(matched(table, "x", "/a/b"), 0);
  EXPECT_EQ(matched(table, "x", "/a/b/x"), 0);
  EXPECT_EQ(matched(table, "x", "/a/bc"), 1);
  EXPECT_EQ(matched(table, "x", "/a"), 1);
  EXPECT_EQ(matched(table, "x", "/a/b/c"), 2);
  EXPECT_EQ(matched(table, "x", "/a/b/c/d/e/f"), 2);
  EXPECT_EQ(matched(table, "x", "/ab"), -1);
  EXPECT_EQ(matched(table, "x", "/"), -1);
  EXPECT_EQ(matched(table, "x", "*"), -1);
  EXPECT_EQ(table.prefixBytes({.rule = 2, .match = 0}), 6U);
}

TEST(RouteTable, APathOfSlashesCostsNoMoreThanItsPrefixes) {
  const RouteTable table(1, {onPath(PathMatchType::Prefix, "/a/b")});
  const std::string slashes(60'000, '/');
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(matched(table, "x", slashes), -1);
  }
}

TEST(RouteTable, FieldsOfOneNameAreOneList) {
  const RouteTable table(1, {withHeader("x-a", "1,2")});
  const std::string text = "X-Ax-a12";
  const std::vector<codec::H1Field> fields = {
      {.nameAt = 0, .valueAt = 6, .valueBytes = 1, .nameBytes = 3},
      {.nameAt = 3, .valueAt = 7, .valueBytes = 1, .nameBytes = 3}};
  EXPECT_EQ(matched(table, "x", "/", {text, fields}), 0);
  EXPECT_EQ(matched(table, "x", "/", {text, std::span(fields).first(1)}), -1);
}

TEST(RouteTable, LooksHostsUpAndAllocatesNothing) {
  std::vector<HttpRule> rules;
  for (int i = 0; i < 10'000; ++i) {
    rules.push_back(hosted({"host-" + std::to_string(i) + ".example.com",
                            "*.zone-" + std::to_string(i) + ".example.org"}));
  }
  const RouteTable table(1, std::move(rules));
  const std::uint64_t before = test::allocationCount();
  EXPECT_EQ(matched(table, "HOST-7777.Example.com:8080", "/a/b/c?d"), 7'777);
  EXPECT_EQ(matched(table, "a.b.zone-3.example.org", "/"), 3);
  EXPECT_EQ(matched(table, "zone-3.example.org", "/"), -1);
  EXPECT_EQ(matched(table, std::string_view(), "/"), -1);
  EXPECT_EQ(test::allocationCount(), before);
}

}  // namespace
}  // namespace weft::proxy
