// A gate lets exactly its maximum in, however many threads ask.
#include "base/gate.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

TEST(GateTest, LetsExactlyItsMaximumIn) {
  Gate gate;
  EXPECT_TRUE(gate.enter(2));
  EXPECT_TRUE(gate.enter(2));
  EXPECT_FALSE(gate.enter(2));
  EXPECT_EQ(gate.now(), 2U);
  gate.leave();
  EXPECT_TRUE(gate.enter(2));
  EXPECT_FALSE(gate.enter(0));
}

TEST(GateTest, CountsThoseWhoWereThereBefore) {
  Gate gate;
  gate.admit(3);
  EXPECT_FALSE(gate.enter(2));
  gate.leave(2);
  EXPECT_TRUE(gate.enter(2));
  EXPECT_EQ(gate.now(), 2U);
}

TEST(GateTest, IsEmptyWhenEveryThreadHasLeft) {
  constexpr std::uint32_t kMax = 3;
  Gate gate;
  std::atomic<std::uint32_t> inside{0};
  std::atomic<bool> tooMany{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 20'000; ++turn) {
        if (gate.enter(kMax)) {
          tooMany = tooMany || inside.fetch_add(1) >= kMax;
          inside.fetch_sub(1);
          gate.leave();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_FALSE(tooMany);
  EXPECT_EQ(gate.now(), 0U);
}

}  // namespace
}  // namespace weft::base
