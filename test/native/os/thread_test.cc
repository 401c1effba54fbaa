// Threads of ours: named, deaf to signals, joined by who owns them.
#include "os/thread.h"

#include <array>
#include <atomic>
#include <csignal>
#include <string>

#include <sys/prctl.h>

#include <gtest/gtest.h>

namespace weft::os {
namespace {

TEST(ThreadTest, RunsItsBodyAndIsJoined) {
  std::atomic<int> ran{0};
  {
    const auto thread = Thread::start("weft-test", [&ran] { ++ran; });
    ASSERT_TRUE(thread.ok());
  }
  EXPECT_EQ(ran, 1);
}

TEST(ThreadTest, HasItsNameCutAtFifteenBytes) {
  std::string name;
  {
    const auto thread = Thread::start("weft-worker-number-7", [&name] {
      std::array<char, 16> buffer{};
      prctl(PR_GET_NAME, buffer.data());
      name = buffer.data();
    });
    ASSERT_TRUE(thread.ok());
  }
  EXPECT_EQ(name, "weft-worker-num");
}

TEST(ThreadTest, BlocksSignalsAndLeavesThoseOfItsStarterAlone) {
  sigset_t before;
  sigset_t after;
  sigset_t inside;
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &before), 0);
  {
    const auto thread =
        Thread::start("weft-test", [&inside] { pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
    ASSERT_TRUE(thread.ok());
  }
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &after), 0);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE}) {
    EXPECT_EQ(sigismember(&inside, signal), 1) << signal;
    EXPECT_EQ(sigismember(&after, signal), sigismember(&before, signal)) << signal;
  }
}

}  // namespace
}  // namespace weft::os
