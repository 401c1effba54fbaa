// What the process may have: descriptors raised to the hard limit, descriptors counted, CPUs,
// children.
#include "os/process_limits.h"

#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace weft::os {
namespace {

TEST(ProcessLimitsTest, RaisesTheSoftLimitToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = 256, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raiseDescriptorLimit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(raiseDescriptorLimit(), before.rlim_max) << "again is harmless";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(ProcessLimitsTest, CountsOpenDescriptors) {
  const std::uint32_t before = openDescriptorCount();
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(openDescriptorCount(), before + 1);
  ::close(fd);
  EXPECT_EQ(openDescriptorCount(), before);
}

TEST(ProcessLimitsTest, WaitsForAnEndedChildOnceAndForNobodyElse) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(3);
  }
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(reapChild(child));
  EXPECT_FALSE(reapChild(child));
  EXPECT_FALSE(reapChild(::getpid()));
}

TEST(ProcessLimitsTest, CountsTheCpusOfTheAffinityMask) {
  EXPECT_GE(affinityCpuCount(), 1U);
  std::thread pinned([] {
    const int cpu = ::sched_getcpu();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(affinityCpuCount(), 1U);
  });
  pinned.join();
}

}  // namespace
}  // namespace weft::os
