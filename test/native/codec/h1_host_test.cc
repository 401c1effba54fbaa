// What is a host, with or without a port.
#include "codec/h1_host.h"

#include <string>

#include <gtest/gtest.h>

namespace weft::codec {
namespace {

TEST(H1Host, IsANameOrAnAddress) {
  for (const char* host : {"a", "a:80", "a:", "a.example.", "A_b-c~d", "127.0.0.1:1", "xn--a",
                           "[::1]", "[::ffff:1.2.3.4]:80", "a%20b", "!$&'()*+,;="}) {
    EXPECT_TRUE(isHost(host)) << host;
  }
}

TEST(H1Host, IsNothingElse) {
  for (const char* host :
       {"",     ":",         ":80",           "a:b",      "a:80:80", "a:8 0",  "a:-1",
        "[",    "[]",        "[]:80",         "[::1",     "::1",     "[::1]a", "[::1]:a",
        "[a]",  "[1.2.3.4]", "[fe80::1%25a]", "a]",       "a[::1]",  "%",      "a%2",
        "a%zz", "a%%20",     "a b",           "a/b",      "u@a",     "a?b",    "a#b",
        "a\\b", "<a>",       "\"a\"",         "\xc3\xa4", "a\tb",    "a|b"}) {
    EXPECT_FALSE(isHost(host)) << host;
  }
  EXPECT_FALSE(isHost(std::string("a\0b", 3)));
}

}  // namespace
}  // namespace weft::codec
