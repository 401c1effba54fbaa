// Scans of many bytes at once find what the plain ones find, wherever it is.
#include "codec/byte_scan.h"

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "base/random.h"

namespace weft::codec {
namespace {

TEST(ByteScan, FindsEachByteAtEachPlaceOfEachLength) {
  for (std::size_t length = 0; length <= 50; ++length) {
    std::string text(length, 'v');
    EXPECT_TRUE(isFieldValue(text)) << length;
    for (std::size_t at = 0; at < length; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        text[at] = static_cast<char>(byte);
        ASSERT_EQ(isFieldValue(text), isFieldValuePlain(text))
            << length << ' ' << at << ' ' << byte;
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
    ASSERT_EQ(isFieldValue(text), isFieldValuePlain(text)) << run;
  }
}

TEST(ByteScan, CountsTheBytesOfAToken) {
  EXPECT_EQ(tokenBytes(""), 0U);
  EXPECT_EQ(tokenBytes("Host"), 4U);
  EXPECT_EQ(tokenBytes("Host: a"), 4U);
  EXPECT_EQ(tokenBytes(" a"), 0U);
  EXPECT_EQ(tokenBytes("a\x80"), 1U);
}

}  // namespace
}  // namespace weft::codec
