// Where the target of a request leads, in each of its forms.
#include "codec/h1_target.h"

#include <string_view>

#include <gtest/gtest.h>

namespace weft::codec {
namespace {

H1Target read(std::string_view method, std::string_view target) {
  H1Target result;
  EXPECT_EQ(readTarget(method, target, result), H1Fault::None) << method << ' ' << target;
  return result;
}

bool isBad(std::string_view method, std::string_view target) {
  H1Target result;
  return readTarget(method, target, result) == H1Fault::BadTarget;
}

TEST(H1Target, IsAPathOfThisServer) {
  const H1Target target = read("GET", "/a/b?c=d/e");
  EXPECT_EQ(target.form, H1TargetForm::Origin);
  EXPECT_EQ(target.path, "/a/b?c=d/e");
  EXPECT_TRUE(target.authority.empty());
  EXPECT_EQ(read("GET", "//a").path, "//a");
  EXPECT_EQ(read("GET", "/http://b/").path, "/http://b/");
}

TEST(H1Target, IsAWholeUri) {
  const H1Target target = read("GET", "HTTP://a.example:81/b?c");
  EXPECT_EQ(target.form, H1TargetForm::Absolute);
  EXPECT_EQ(target.authority, "a.example:81");
  EXPECT_EQ(target.path, "/b?c");
  EXPECT_FALSE(target.slashLacks);
  EXPECT_EQ(read("GET", "https://[::1]:81").authority, "[::1]:81");
  EXPECT_EQ(read("GET", "http://a").path, "/");
  EXPECT_EQ(read("OPTIONS", "http://a").path, "*");
  const H1Target query = read("GET", "http://a?b");
  EXPECT_EQ(query.path, "?b");
  EXPECT_TRUE(query.slashLacks);
}

TEST(H1Target, IsAHostToBeConnectedTo) {
  const H1Target target = read("CONNECT", "a.example:443");
  EXPECT_EQ(target.form, H1TargetForm::Authority);
  EXPECT_EQ(target.authority, "a.example:443");
  EXPECT_TRUE(target.path.empty());
}

TEST(H1Target, IsTheServerItself) {
  EXPECT_EQ(read("OPTIONS", "*").form, H1TargetForm::Asterisk);
}

TEST(H1Target, IsNothingElse) {
  for (const std::string_view target :
       {"a", "a:80", "*", "http:/a", "http://", "http:///b", "http://a@b/", "http://a b/",
        "ftp://a/", "file:///b", "?a", "/a#b", "http://a/#", "http://a#b", "\\a", "http://:80/",
        "http://a:b/", "http://[::1/"}) {
    EXPECT_TRUE(isBad("GET", target)) << target;
  }
  for (const std::string_view target : {"a", "/a", "http://a:80", "a:", ":80", "a:b", "a/b:80", "*",
                                        "a:80:80", "[::1]", "::1:80"}) {
    EXPECT_TRUE(isBad("CONNECT", target)) << target;
  }
}

}  // namespace
}  // namespace weft::codec
