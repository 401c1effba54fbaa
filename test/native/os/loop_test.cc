// One turn of a loop: readiness, then those that go on, then timers, then what is freed; time read
// once.
#include "os/loop.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/manual_clock.h"

namespace weft::os {
namespace {

/// Reports what a test puts into it.
class StubPoller final : public Poller {
 public:
  [[nodiscard]] base::Result<void> add(int, Interest, Pollable&) override { return {}; }

  void modify(int, Interest, Pollable&) noexcept override {}

  void remove(int) noexcept override {}

  [[nodiscard]] std::span<const Readiness> wait(
      base::TimePoint now, std::optional<base::TimePoint> deadline) noexcept override {
    ++waitCount;
    sleeps = !deadline || *deadline > now;
    lastDeadline = deadline;
    if (onWait) {
      onWait();
    }
    reported = std::exchange(next, {});
    return reported;
  }

  void wake() noexcept override {}

  [[nodiscard]] std::uint64_t changeCount() const noexcept override { return 0; }

  std::vector<Readiness> next;
  std::vector<Readiness> reported;
  std::function<void()> onWait;
  std::optional<base::TimePoint> lastDeadline;
  int waitCount = 0;
  bool sleeps = false;
};

class LoopTest : public testing::Test {
 protected:
  struct Source final : Pollable {
    explicit Source(LoopTest& loopTest) : test(loopTest) {}

    void onReady(Ready) noexcept override {
      test.log += 'r';
      if (act) {
        act();
      }
    }

    LoopTest& test;
    std::function<void()> act;
  };

  struct Work final : Continuation {
    explicit Work(LoopTest& loopTest) : test(loopTest) {}

    void onContinue() noexcept override {
      test.log += 'c';
      if (again) {
        test.loop.continueLater(*this);
      }
    }

    LoopTest& test;
    bool again = false;
  };

  struct Alarm final : Timer {
    explicit Alarm(LoopTest& loopTest) : test(loopTest) {}

    void onTimer() noexcept override { test.log += 't'; }

    LoopTest& test;
  };

  struct Gone final : Retired {
    explicit Gone(LoopTest& loopTest) : test(loopTest) {}

    void dispose() noexcept override { test.log += 'd'; }

    LoopTest& test;
  };

  test::ManualClock clock;
  StubPoller poller;
  Loop loop{poller, clock};
  std::string log;
};

TEST_F(LoopTest, GoesFromReadinessOverWorkAndTimersToWhatIsFreed) {
  Source source(*this);
  Work work(*this);
  Alarm alarm(*this);
  Gone gone(*this);
  source.act = [&] {
    loop.continueLater(work);
    loop.retire(gone);
  };
  loop.arm(alarm, std::chrono::milliseconds(1));
  poller.next = {{.pollable = &source, .ready = {.bits = Ready::kReadable}}};
  poller.onWait = [this] { clock.advance(std::chrono::milliseconds(50)); };
  loop.turn();
  EXPECT_EQ(log, "rctd");
}

TEST_F(LoopTest, SleepsForEverWithoutTimersAndWork) {
  loop.turn();
  EXPECT_TRUE(poller.sleeps);
  EXPECT_FALSE(poller.lastDeadline.has_value());
}

TEST_F(LoopTest, SleepsUntilTheNextTimer) {
  Alarm alarm(*this);
  loop.arm(alarm, std::chrono::milliseconds(100));
  loop.turn();
  EXPECT_TRUE(poller.sleeps);
  ASSERT_TRUE(poller.lastDeadline.has_value());
  EXPECT_GE(*poller.lastDeadline - clock.now(), std::chrono::milliseconds(100));
  EXPECT_LE(*poller.lastDeadline - clock.now(), std::chrono::milliseconds(125));
}

TEST_F(LoopTest, DoesNotSleepWhileSomebodyWantsToGoOn) {
  Work work(*this);
  work.again = true;
  loop.continueLater(work);
  loop.continueLater(work);
  loop.turn();
  EXPECT_EQ(log, "c") << "asked twice, run once, and again only in the next turn";
  loop.turn();
  EXPECT_EQ(log, "cc");
  EXPECT_FALSE(poller.sleeps);
  work.again = false;
  loop.turn();
  loop.turn();
  EXPECT_EQ(log, "ccc");
  EXPECT_TRUE(poller.sleeps);
}

TEST_F(LoopTest, ReadsTheClockOnceATurn) {
  Source source(*this);
  const base::TimePoint before = clock.now();
  poller.onWait = [this] { clock.advance(std::chrono::seconds(1)); };
  source.act = [&] {
    clock.advance(std::chrono::seconds(5));
    EXPECT_EQ(loop.now(), before + std::chrono::seconds(1));
    EXPECT_EQ(loop.readClock(), before + std::chrono::seconds(6));
  };
  poller.next = {{.pollable = &source, .ready = {}}};
  loop.turn();
  EXPECT_EQ(log, "r");
}

TEST_F(LoopTest, ForgetsWorkThatDiedBeforeItsTurn) {
  {
    Work work(*this);
    loop.continueLater(work);
  }
  loop.turn();
  EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace weft::os
