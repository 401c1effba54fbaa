// The table of a regular expression. That it is the right table is lib/base/pattern.ts's business.
#include "base/pattern.h"

#include <array>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

TEST(Pattern, TakesAStepForEachByte) {
  // a+b: dead, start, 'a's, done.
  std::array<std::uint8_t, 256> classes{};
  classes['a'] = 1;
  classes['b'] = 2;
  const Pattern pattern(classes, {0, 0, 0, 0, 2, 0, 0, 2, 3, 0, 0, 0}, 1, 3);
  EXPECT_TRUE(pattern.matches("ab"));
  EXPECT_TRUE(pattern.matches("aaab"));
  for (const std::string_view other : {"", "a", "b", "abb", "xab", "ab\xff"}) {
    EXPECT_FALSE(pattern.matches(other)) << other;
  }
  EXPECT_TRUE(pattern.accepts(pattern.after(pattern.after(pattern.start(), "a"), "ab")));
}

}  // namespace
}  // namespace weft::base
