// The small values: identifiers, bytes and the system's clock.
#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"

namespace weft::base {
namespace {

TEST(IdTest, IsAbsentUntilItHasANumber) {
  EXPECT_FALSE(ClusterId{}.present());
  EXPECT_EQ(ClusterId{}.number, UINT32_MAX);
  EXPECT_TRUE(ClusterId{0}.present());
  EXPECT_FALSE(ConnectionId{}.present());
}

TEST(IdTest, OfOneKindIsNotOfAnother) {
  static_assert(!std::is_convertible_v<ClusterId, EndpointId>);
  static_assert(!std::is_convertible_v<std::uint32_t, ClusterId>);
  const std::unordered_set<ClusterId> ids = {ClusterId{1}, ClusterId{2}, ClusterId{1}};
  EXPECT_EQ(ids.size(), 2U);
  EXPECT_LT(ClusterId{1}, ClusterId{2});
}

TEST(BytesTest, AreAViewOfTheText) {
  const Bytes bytes = bytesOf("ab");
  ASSERT_EQ(bytes.size(), 2U);
  EXPECT_EQ(bytes[1], std::byte{'b'});
}

TEST(SystemClockTest, DoesNotRunBackAndKnowsTheCentury) {
  const SystemClock clock;
  const TimePoint before = clock.now();
  EXPECT_GE(clock.now(), before);
  constexpr std::uint64_t kYear2024Us = 1'704'067'200'000'000;
  EXPECT_GT(clock.wallUs(), kYear2024Us);
}

}  // namespace
}  // namespace weft::base
