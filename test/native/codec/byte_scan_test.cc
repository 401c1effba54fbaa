// Scans of many bytes at once find what the plain ones find, wherever it is.
#include "codec/byte_scan.h"

#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "codec/http_text.h"

namespace weft::codec {
namespace {

/// What lies before and behind the bytes in question must decide nothing.
struct Around {
  std::string before;
  std::string behind;
};

const std::vector<Around>& surroundings() {
  static const std::vector<Around> all = {
      {"", ""},
      {"", "\r\n"},
      {"a", "\x01"},
      {std::string(7, '\0'), std::string(9, '\0')},
      {std::string(15, '\x7f'), std::string(15, '\x7f')},
      {std::string(40, '\n'), std::string(40, '\n')},
      {std::string(40, 'b'), std::string(40, 'b')},
  };
  return all;
}

/// Compares what the scans of blocks say of `text` with what the plain ones say.
void expectAsPlain(const std::string& text) {
  for (const auto& [before, behind] : surroundings()) {
    const std::string held = before + text + behind;
    ASSERT_EQ(isFieldValue(held, before.size(), text.size()), consistsOf(text, kValue))
        << testing::PrintToString(held);
    ASSERT_EQ(isTarget(held, before.size(), text.size()), consistsOf(text, kTarget))
        << testing::PrintToString(held);
    ASSERT_EQ(tokenBytes(held, before.size()), tokenBytesPlain(text + behind))
        << testing::PrintToString(held);
  }
}

TEST(ByteScan, FindsEachByteAtEachPlaceOfEachLength) {
  for (std::size_t length = 0; length <= 36; ++length) {
    std::string text(length, 'v');
    expectAsPlain(text);
    for (std::size_t at = 0; at < length; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        text[at] = static_cast<char>(byte);
        expectAsPlain(text);
      }
      text[at] = 'v';
    }
  }
}

TEST(ByteScan, EqualsThePlainScanOfRandomBytes) {
  base::Random random(1);
  for (int run = 0; run < 20'000; ++run) {
    std::string text(random.below(100), '\0');
    for (char& byte : text) {
      byte = static_cast<char>(random.below(10) == 0 ? random.below(256) : 0x20 + random.below(90));
    }
    expectAsPlain(text);
  }
}

TEST(ByteScan, CountsTheBytesOfAToken) {
  EXPECT_EQ(tokenBytes("", 0), 0U);
  EXPECT_EQ(tokenBytes("Host", 0), 4U);
  EXPECT_EQ(tokenBytes("Host: a", 0), 4U);
  EXPECT_EQ(tokenBytes(" a", 0), 0U);
  EXPECT_EQ(tokenBytes(" a", 1), 1U);
  EXPECT_EQ(tokenBytes("a\x80", 0), 1U);
  EXPECT_EQ(tokenBytes("x_request_id!which-is-longer: 1", 0), 28U);
}

}  // namespace
}  // namespace weft::codec
