// What only the real poller has: deadlines that wake it, wake-ups from other threads, more ready
// descriptors than one wait reports. Deadlines are real time here, with room upwards only.
#include "os/epoll_poller.h"

#include <set>
#include <thread>
#include <vector>

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace weft::os {
namespace {

class EpollPollerTest : public testing::Test {
 protected:
  /// Waits until the deadline, again when it was woken early; returns how late it is then.
  base::Duration sleepUntil(base::TimePoint deadline) {
    base::TimePoint now = clock.now();
    while (now < deadline) {
      static_cast<void>(poller->wait(now, deadline));
      now = clock.now();
    }
    return now - deadline;
  }

  const std::unique_ptr<EpollPoller> poller = EpollPoller::open().value();
  base::SystemClock clock;
};

TEST_F(EpollPollerTest, ReturnsAtItsDeadline) {
  const base::TimePoint begin = clock.now();
  const auto late = sleepUntil(begin + std::chrono::milliseconds(30));
  EXPECT_GE(clock.now() - begin, std::chrono::milliseconds(30));
  EXPECT_LT(late, std::chrono::seconds(2));
}

TEST_F(EpollPollerTest, DoesNotWaitForADeadlineThatHasPassed) {
  const base::TimePoint begin = clock.now();
  EXPECT_TRUE(poller->wait(begin, begin - std::chrono::seconds(1)).empty());
  EXPECT_TRUE(poller->wait(begin, begin).empty());
}

TEST_F(EpollPollerTest, KeepsAnEarlierDeadlineWhenALaterOneFollows) {
  const base::TimePoint begin = clock.now();
  poller->wake();
  static_cast<void>(poller->wait(begin, begin + std::chrono::milliseconds(20)));
  EXPECT_LT(sleepUntil(begin + std::chrono::milliseconds(60)), std::chrono::seconds(2));
  EXPECT_GE(clock.now() - begin, std::chrono::milliseconds(60));
}

TEST_F(EpollPollerTest, TakesAnEarlierDeadlineAfterALaterOne) {
  const base::TimePoint begin = clock.now();
  poller->wake();
  static_cast<void>(poller->wait(begin, begin + std::chrono::hours(1)));
  EXPECT_LT(sleepUntil(begin + std::chrono::milliseconds(20)), std::chrono::seconds(2));
}

TEST_F(EpollPollerTest, SleepsAgainAfterEachDeadline) {
  for (int i = 0; i < 5; ++i) {
    const base::TimePoint begin = clock.now();
    EXPECT_LT(sleepUntil(begin + std::chrono::milliseconds(5)), std::chrono::seconds(2));
    EXPECT_GE(clock.now() - begin, std::chrono::milliseconds(5));
  }
}

TEST_F(EpollPollerTest, IsWokenFromAnotherThread) {
  for (int i = 0; i < 50; ++i) {
    std::thread waker([this] { poller->wake(); });
    EXPECT_TRUE(poller->wait(clock.now(), std::nullopt).empty());
    waker.join();
  }
}

struct Counting final : Pollable {
  void onReady(Ready) noexcept override {}
};

TEST_F(EpollPollerTest, ReportsEverybodyInAsManyWaitsAsThatTakes) {
  constexpr std::size_t kCount = 600;
  std::vector<int> fds;
  std::vector<Counting> ears(kCount);
  for (Counting& ear : ears) {
    fds.push_back(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
    ASSERT_GE(fds.back(), 0);
    ASSERT_TRUE(poller->add(fds.back(), Interest::Read, ear).ok());
  }
  std::set<Pollable*> told;
  for (int i = 0; i < 10; ++i) {
    const base::TimePoint now = clock.now();
    for (const Readiness& readiness : poller->wait(now, now)) {
      EXPECT_TRUE(told.insert(readiness.pollable).second) << "told twice";
    }
  }
  EXPECT_EQ(told.size(), kCount);
  for (const int fd : fds) {
    ::close(fd);
  }
}

TEST_F(EpollPollerTest, RefusesWhatCannotBeWatched) {
  Counting ear;
  const auto added = poller->add(-1, Interest::Read, ear);
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().sysErrno, EBADF);
}

}  // namespace
}  // namespace weft::os
