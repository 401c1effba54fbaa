// Comparisons that know no case.
#include "codec/http_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/random.h"

namespace weft::codec {
namespace {

bool equalsLowerPlain(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, {}, lowerCase);
}

TEST(EqualsLower, KnowsEachByteAtEachPlaceOfEachLength) {
  for (std::size_t length = 0; length <= 20; ++length) {
    std::string lower(length, 'k');
    for (std::size_t at = 0; at < length; ++at) {
      for (const char wanted : {'a', 'm', 'z', '-', '0', '@', '[', '`', '{', '\x7f', '\xe1'}) {
        lower[at] = wanted;
        std::string text(length, 'K');
        for (int byte = 0; byte < 256; ++byte) {
          text[at] = static_cast<char>(byte);
          ASSERT_EQ(equalsLower(text, lower), equalsLowerPlain(text, lower))
              << testing::PrintToString(text) << " and " << testing::PrintToString(lower);
        }
      }
      lower[at] = 'k';
    }
  }
}

TEST(EqualsLower, EqualsThePlainOneForRandomBytes) {
  base::Random random(1);
  for (int run = 0; run < 100'000; ++run) {
    std::string text(random.below(24), '\0');
    std::ranges::generate(text, [&] { return static_cast<char>(random.below(256)); });
    std::string lower = text;
    std::ranges::transform(lower, lower.begin(), lowerCase);
    ASSERT_TRUE(equalsLower(text, lower)) << testing::PrintToString(text);
    if (!text.empty()) {
      text[random.below(static_cast<std::uint32_t>(text.size()))] =
          static_cast<char>(random.below(256));
      ASSERT_EQ(equalsLower(text, lower), equalsLowerPlain(text, lower))
          << testing::PrintToString(text);
    }
  }
}

TEST(EqualsLower, KnowsLengths) {
  EXPECT_TRUE(equalsLower("", ""));
  EXPECT_FALSE(equalsLower("", "a"));
  EXPECT_FALSE(equalsLower("HOST", "hosts"));
  EXPECT_TRUE(equalsLower("Transfer-Encoding", "transfer-encoding"));
}

}  // namespace
}  // namespace weft::codec
