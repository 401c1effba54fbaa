// Peak EWMA: up at once, down with time.
#include "upstream/endpoint_state.h"

#include <chrono>
#include <numbers>

#include <gtest/gtest.h>

namespace weft::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::Duration kDecay = seconds(10);
constexpr base::TimePoint kStart{std::chrono::hours(5)};

TEST(PeakEwmaTest, IsTheGuessUntilThereIsASample) {
  PeakEwma average(milliseconds(30));
  EXPECT_FALSE(average.measured());
  EXPECT_DOUBLE_EQ(average.valueUs(kStart + std::chrono::hours(1), kDecay), 30'000);
  average.observe(milliseconds(2), kStart, kDecay);
  EXPECT_TRUE(average.measured());
  EXPECT_DOUBLE_EQ(average.valueUs(kStart, kDecay), 2'000);
}

TEST(PeakEwmaTest, JumpsToAPeakAtOnce) {
  PeakEwma average(milliseconds(30));
  average.observe(milliseconds(2), kStart, kDecay);
  average.observe(milliseconds(50), kStart + milliseconds(1), kDecay);
  EXPECT_DOUBLE_EQ(average.valueUs(kStart + milliseconds(1), kDecay), 50'000);
}

TEST(PeakEwmaTest, ComesDownTowardsSmallerSamples) {
  PeakEwma average(milliseconds(30));
  average.observe(milliseconds(100), kStart, kDecay);
  average.observe(milliseconds(10), kStart + kDecay, kDecay);
  const double left = 1 / std::numbers::e;
  EXPECT_NEAR(average.valueUs(kStart + kDecay, kDecay), 100'000 * left + 10'000 * (1 - left), 1);
}

TEST(PeakEwmaTest, ComparesASampleWithWhatIsLeftOfThePeak) {
  PeakEwma average(milliseconds(30));
  average.observe(milliseconds(100), kStart, kDecay);
  // 100 ms have become less than 1 ms: 20 ms is a new peak.
  average.observe(milliseconds(20), kStart + seconds(50), kDecay);
  EXPECT_DOUBLE_EQ(average.valueUs(kStart + seconds(50), kDecay), 20'000);
}

TEST(PeakEwmaTest, ForgetsAPeakThatNobodyRefreshes) {
  PeakEwma average(milliseconds(30));
  average.observe(milliseconds(100), kStart, kDecay);
  EXPECT_NEAR(average.valueUs(kStart + kDecay, kDecay), 100'000 / std::numbers::e, 1);
  EXPECT_LT(average.valueUs(kStart + std::chrono::hours(5), kDecay), 1e-9);
}

TEST(PeakEwmaTest, IsTheLastSampleWithoutDecay) {
  PeakEwma average(milliseconds(30));
  average.observe(milliseconds(100), kStart, base::Duration{});
  average.observe(milliseconds(10), kStart, base::Duration{});
  EXPECT_DOUBLE_EQ(average.valueUs(kStart + seconds(1), base::Duration{}), 10'000);
}

TEST(PeakEwmaTest, TakesSamplesOfTheSameMoment) {
  PeakEwma average(milliseconds(30));
  average.observe(milliseconds(100), kStart, kDecay);
  average.observe(milliseconds(10), kStart, kDecay);
  EXPECT_DOUBLE_EQ(average.valueUs(kStart, kDecay), 100'000);
}

TEST(EndpointStateTest, IsAvailableFromItsMomentOn) {
  EndpointState endpoint(base::EndpointId{1}, base::Address{}, milliseconds(30));
  EXPECT_TRUE(endpoint.availableAt(kStart));
  endpoint.unavailableUntil = kStart;
  EXPECT_FALSE(endpoint.availableAt(kStart - base::Duration(1)));
  EXPECT_TRUE(endpoint.availableAt(kStart));
}

}  // namespace
}  // namespace weft::upstream
