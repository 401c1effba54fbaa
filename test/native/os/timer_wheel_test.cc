// The timer wheel against a plain list: never early, late by no more than it says, whatever is
// armed, moved or cancelled in between.
#include "os/timer_wheel.h"

#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace weft::os {
namespace {

using base::Duration;
using base::TimePoint;

constexpr TimePoint kStart{std::chrono::hours(5) + Duration(1234)};

/// A timer goes into a slot that is an eighth of at least 63 slots of the level below: 8/63 of its
/// length. One tick more for the rounding of the delay, one for that of the present.
Duration lateMax(Duration delay) {
  return delay * 8 / 63 + 2 * TimerWheel::kTick;
}

class TestTimer final : public Timer {
 public:
  void onTimer() noexcept override {
    ++firedCount;
    if (onFire) {
      onFire();
    }
  }

  int firedCount = 0;
  std::function<void()> onFire;
};

class TimerWheelTest : public testing::Test {
 protected:
  void arm(Timer& timer, Duration delay) { wheel.arm(timer, now, delay); }

  void advance(Duration by) {
    now += by;
    wheel.advance(now);
  }

  /// Sleeps as a loop does, until the timer has fired; returns how long that took.
  Duration waitFor(const TestTimer& timer) {
    const TimePoint begin = now;
    const int before = timer.firedCount;
    while (timer.firedCount == before) {
      const auto due = wheel.nextDue();
      if (!due) {
        ADD_FAILURE() << "nothing is due";
        break;
      }
      now = std::max(now, *due);
      wheel.advance(now);
    }
    return now - begin;
  }

  TimePoint now = kStart;
  TimerWheel wheel{kStart};
};

TEST_F(TimerWheelTest, HasNothingDueWhenEmpty) {
  EXPECT_FALSE(wheel.nextDue().has_value());
  advance(std::chrono::hours(100));
  EXPECT_FALSE(wheel.nextDue().has_value());
}

TEST_F(TimerWheelTest, FiresNeverEarlyAndLateByAnEighthAtMost) {
  base::Random random(7);
  for (int i = 0; i < 3000; ++i) {
    // Lengths of every magnitude, from every phase of the tick.
    const std::uint64_t magnitude = std::uint64_t{1} << random.below(36);
    const auto delay = Duration(static_cast<std::int64_t>(random.next() % magnitude));
    advance(Duration(random.below(10'000)));
    TestTimer timer;
    arm(timer, delay);
    const Duration took = waitFor(timer);
    ASSERT_GE(took, delay) << "early";
    ASSERT_LE(took, delay + lateMax(delay)) << "late";
    ASSERT_FALSE(timer.armed());
  }
}

TEST_F(TimerWheelTest, FiresAtTheNextTickForNoDelayAtAll) {
  TestTimer timer;
  arm(timer, Duration(0));
  EXPECT_EQ(timer.firedCount, 0);
  advance(2 * TimerWheel::kTick);
  EXPECT_EQ(timer.firedCount, 1);
  arm(timer, Duration(-5));
  advance(2 * TimerWheel::kTick);
  EXPECT_EQ(timer.firedCount, 2);
}

TEST_F(TimerWheelTest, ReachesEighteenHoursAndCutsWhatIsLonger) {
  TestTimer longest;
  arm(longest, std::chrono::hours(18));
  EXPECT_GE(waitFor(longest), std::chrono::hours(18));
  TestTimer tooLong;
  arm(tooLong, std::chrono::hours(1000));
  const Duration took = waitFor(tooLong);
  EXPECT_GE(took, std::chrono::hours(18));
  EXPECT_LE(took, std::chrono::hours(18) + lateMax(std::chrono::hours(18)));
}

TEST_F(TimerWheelTest, FiresEverythingThatALongSleepHasPassed) {
  std::vector<std::unique_ptr<TestTimer>> timers;
  for (int i = 0; i < 2000; ++i) {
    timers.push_back(std::make_unique<TestTimer>());
    arm(*timers.back(), std::chrono::seconds(i));
  }
  advance(std::chrono::hours(10));
  for (const auto& timer : timers) {
    EXPECT_EQ(timer->firedCount, 1);
  }
  EXPECT_FALSE(wheel.nextDue().has_value());
}

TEST_F(TimerWheelTest, MovesATimerThatIsArmedAgain) {
  TestTimer timer;
  arm(timer, std::chrono::seconds(1));
  arm(timer, std::chrono::seconds(10));
  advance(std::chrono::seconds(9));
  EXPECT_EQ(timer.firedCount, 0);
  advance(std::chrono::seconds(3));
  EXPECT_EQ(timer.firedCount, 1);
  arm(timer, std::chrono::seconds(10));
  arm(timer, std::chrono::milliseconds(10));
  advance(std::chrono::milliseconds(20));
  EXPECT_EQ(timer.firedCount, 2);
  advance(std::chrono::seconds(20));
  EXPECT_EQ(timer.firedCount, 2);
}

TEST_F(TimerWheelTest, ForgetsATimerThatIsCancelledOrDies) {
  TestTimer cancelled;
  arm(cancelled, std::chrono::seconds(1));
  EXPECT_TRUE(cancelled.armed());
  cancelled.cancel();
  EXPECT_FALSE(cancelled.armed());
  {
    TestTimer dead;
    arm(dead, std::chrono::seconds(1));
  }
  advance(std::chrono::seconds(5));
  EXPECT_EQ(cancelled.firedCount, 0);
  EXPECT_FALSE(wheel.nextDue().has_value());
}

TEST_F(TimerWheelTest, LetsATimerCancelAnotherThatIsDueAtTheSameTime) {
  TestTimer first;
  TestTimer second;
  first.onFire = [&second] { second.cancel(); };
  second.onFire = [&first] { first.cancel(); };
  arm(first, std::chrono::milliseconds(10));
  arm(second, std::chrono::milliseconds(10));
  advance(std::chrono::seconds(1));
  EXPECT_EQ(first.firedCount + second.firedCount, 1);
}

TEST_F(TimerWheelTest, LetsATimerDestroyAnotherThatIsDueAtTheSameTime) {
  TestTimer first;
  auto second = std::make_unique<TestTimer>();
  first.onFire = [&second] { second.reset(); };
  arm(first, std::chrono::milliseconds(10));
  arm(*second, std::chrono::milliseconds(10));
  advance(std::chrono::seconds(1));
  EXPECT_EQ(first.firedCount, 1);
}

TEST_F(TimerWheelTest, FiresATimerThatArmsItselfOncePerAdvance) {
  TestTimer timer;
  timer.onFire = [this, &timer] { arm(timer, Duration(0)); };
  arm(timer, Duration(0));
  advance(std::chrono::seconds(1));
  EXPECT_EQ(timer.firedCount, 1);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(timer.firedCount, 2);
}

TEST_F(TimerWheelTest, DoesNothingWhenTimeStandsStillOrGoesBack) {
  TestTimer timer;
  arm(timer, Duration(1));
  advance(Duration(0));
  advance(Duration(-1000));
  EXPECT_EQ(timer.firedCount, 0);
  advance(2 * TimerWheel::kTick);
  EXPECT_EQ(timer.firedCount, 1);
}

/// What a list of timers would know.
struct Expected {
  std::unique_ptr<TestTimer> timer = std::make_unique<TestTimer>();
  TimePoint earliest;
  TimePoint latest;
  int firedBefore = 0;
  bool armed = false;
};

class TimerWheelModelTest : public TimerWheelTest, public testing::WithParamInterface<int> {
 protected:
  void armRandomly(Expected& one) {
    const auto delay = Duration(
        static_cast<std::int64_t>(random.next() % (std::uint64_t{1} << (8U + random.below(26)))));
    arm(*one.timer, delay);
    one.earliest = now + delay;
    one.latest = one.earliest + lateMax(delay);
    one.firedBefore = one.timer->firedCount;
    one.armed = true;
  }

  /// Sleeps until the wheel wants to be asked, or for any time at all.
  void advanceRandomly() {
    const auto due = wheel.nextDue();
    now = due && random.below(3) > 0
              ? std::max(now, *due)
              : now + Duration(static_cast<std::int64_t>(random.next() %
                                                         (std::uint64_t{1} << random.below(34))));
    const TimePoint previous = lastAdvance;
    wheel.advance(now);
    lastAdvance = now;
    for (Expected& one : all) {
      const bool fired = one.timer->firedCount > one.firedBefore;
      if (!one.armed) {
        ASSERT_FALSE(fired) << "fired without being armed";
      } else if (fired) {
        ASSERT_LE(one.earliest, now) << "early";
        ASSERT_GE(one.latest, previous) << "due before, and not fired then";
        ASSERT_EQ(one.timer->firedCount, one.firedBefore + 1);
        one.armed = false;
        one.firedBefore = one.timer->firedCount;
      } else {
        ASSERT_GT(one.latest, now) << "not fired in time";
      }
    }
  }

  base::Random random{static_cast<std::uint64_t>(GetParam())};
  std::vector<Expected> all = std::vector<Expected>(60);
  TimePoint lastAdvance = kStart;
};

TEST_P(TimerWheelModelTest, AgreesWithAListOfTimers) {
  for (int step = 0; step < 4000 && !HasFatalFailure(); ++step) {
    Expected& one = all[random.below(static_cast<std::uint32_t>(all.size()))];
    switch (random.below(4)) {
      case 0:
      case 1:
        armRandomly(one);
        break;
      case 2:
        one.timer->cancel();
        one.armed = false;
        break;
      default:
        advanceRandomly();
    }
    ASSERT_EQ(one.timer->armed(), one.armed);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimerWheelModelTest, testing::Range(1, 21));

}  // namespace
}  // namespace weft::os
