// What makes requests belong together.
#include "proxy/request_key.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace weft::proxy {
namespace {

using snapshot::HashKeyType;

/// A head with one field.
struct OneField {
  OneField(std::string_view name, std::string_view value)
      : text(std::string(name) + std::string(value)),
        fields({{.nameAt = 0,
                 .valueAt = static_cast<std::uint32_t>(name.size()),
                 .valueBytes = static_cast<std::uint32_t>(value.size()),
                 .nameBytes = static_cast<std::uint16_t>(name.size())}}) {}

  [[nodiscard]] codec::H1Fields get() const { return {text, fields}; }

  std::string text;
  std::vector<codec::H1Field> fields;
};

TEST(RequestKey, IsOfTheSourceOrOfThePathWithoutItsQuery) {
  const codec::H1Fields none({}, {});
  EXPECT_EQ(requestKey({}, none, "/a", 7), 7U);
  EXPECT_EQ(requestKey({}, none, "/a", std::nullopt), std::nullopt);
  const snapshot::HashKey path{.type = HashKeyType::Path};
  EXPECT_EQ(requestKey(path, none, "/a?b", 7), base::hashOfText("/a"));
  EXPECT_NE(requestKey(path, none, "/b", 7), base::hashOfText("/a"));
}

TEST(RequestKey, IsOfAHeader) {
  const snapshot::HashKey header{.type = HashKeyType::Header, .name = "x-user"};
  EXPECT_EQ(requestKey(header, OneField("X-User", "ann").get(), "/", 7), base::hashOfText("ann"));
  EXPECT_EQ(requestKey(header, OneField("X-Users", "ann").get(), "/", 7), std::nullopt);
}

TEST(RequestKey, IsOfACookie) {
  const auto found = [](std::string_view value) {
    return std::string(cookieOf(OneField("Cookie", value).get(), "id").value_or("none"));
  };
  EXPECT_EQ(found("id=1"), "1");
  EXPECT_EQ(found("a=b; id=1; id=2"), "1");
  EXPECT_EQ(found("a=id=9;id = 1 ;b"), "1");
  EXPECT_EQ(found("id="), "");
  for (const std::string_view other : {"", "idx=1", "xid=1", "ID=1", "id", ";;", "a=b;"}) {
    EXPECT_EQ(found(other), "none") << other;
  }
}

TEST(RequestKey, TextsAreSpreadWell) {
  std::vector<int> buckets(16);
  for (int i = 0; i < 16'000; ++i) {
    ++buckets.at(base::hashOfText("user-" + std::to_string(i)) % buckets.size());
  }
  for (const int count : buckets) {
    EXPECT_NEAR(count, 1'000, 120);
  }
  EXPECT_NE(base::hashOfText({"\0", 1}), base::hashOfText({"\0\0", 2}));
  EXPECT_NE(base::hashOfText(""), base::hashOfText({"\0", 1}));
}

}  // namespace
}  // namespace weft::proxy
