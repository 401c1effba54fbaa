// A process that runs out of descriptors: it accepts no more, says so, serves who is there, costs
// no time, and goes on when there are some again. The engine runs in a child process with a low
// limit.
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/echo_server.h"
#include "support/engine_under_test.h"

namespace weft::test {
namespace {

using telemetry::WorkerCell;

constexpr rlim_t kDescriptors = 200;
constexpr std::size_t kClients = 150;

/// Two descriptors for each connection, 64 for the rest of the process.
constexpr std::uint64_t kFits = (kDescriptors - 64) / 2;

/// What the child tells its parent.
struct Report {
  std::uint64_t connectionsNow;
  std::uint64_t acceptPauses;
  std::uint64_t acceptPausedNow;
  std::uint64_t cpuUs;
};

std::uint64_t cpuUsOfThisProcess() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

/// Listens, and answers each byte from `orders` with a report; ends with the pipe.
void runChild(int orders, int answers, const base::Address& listen, const base::Address& upstream) {
  const rlimit low{.rlim_cur = kDescriptors, .rlim_max = kDescriptors};
  ::setrlimit(RLIMIT_NOFILE, &low);
  EngineUnderTest own(2);
  own.config.next.limits.pipeCountMax = 0;
  own.config.listener(1).address = listen;
  own.config.endpoint(1, 1, upstream);
  own.publish();
  char order = 0;
  while (true) {
    const Report report{.connectionsNow = own.cells(WorkerCell::ConnectionsNow),
                        .acceptPauses = own.cells(WorkerCell::AcceptPauses),
                        .acceptPausedNow = own.cells(WorkerCell::AcceptPausedNow),
                        .cpuUs = cpuUsOfThisProcess()};
    if (::write(answers, &report, sizeof(report)) != sizeof(report) ||
        ::read(orders, &order, 1) != 1) {
      break;
    }
  }
}

class DescriptorLimitTest : public testing::Test {
 protected:
  void SetUp() override {
    // The child is made before this process has threads.
    int orderPipe[2];
    int answerPipe[2];
    ASSERT_EQ(::pipe(orderPipe), 0);
    ASSERT_EQ(::pipe(answerPipe), 0);
    address = freeAddress();
    const base::Address upstream = freeAddress();
    child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(orderPipe[1]);
      ::close(answerPipe[0]);
      runChild(orderPipe[0], answerPipe[1], address, upstream);
      ::_exit(0);
    }
    ::close(orderPipe[0]);
    ::close(answerPipe[1]);
    orders = orderPipe[1];
    answers = answerPipe[0];
    server = std::make_unique<EchoServer>(upstream);
    ASSERT_EQ(::read(answers, &report, sizeof(report)), static_cast<ssize_t>(sizeof(report)));
  }

  void TearDown() override {
    ::close(orders);
    ::close(answers);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }

  void ask() {
    ASSERT_EQ(::write(orders, "?", 1), 1);
    ASSERT_EQ(::read(answers, &report, sizeof(report)), static_cast<ssize_t>(sizeof(report)));
  }

  template <typename Condition>
  [[nodiscard]] bool eventually(const Condition& condition) {
    for (int i = 0; i < 2000; ++i) {
      ask();
      if (condition()) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  pid_t child = -1;
  int orders = -1;
  int answers = -1;
  base::Address address;
  std::unique_ptr<EchoServer> server;
  Report report{};
};

TEST_F(DescriptorLimitTest, PausesAcceptingWithoutSpinningAndResumesByItself) {
  std::vector<BlockingClient> clients(kClients);
  for (BlockingClient& client : clients) {
    ASSERT_EQ(client.connect(address), 0) << "the backlog has room";
  }
  ASSERT_TRUE(
      eventually([&] { return report.acceptPausedNow == 1 && report.connectionsNow >= kFits; }));
  EXPECT_EQ(clients[0].echo("served though it is full"), 0);

  ask();
  const std::uint64_t cpuBefore = report.cpuUs;
  constexpr auto kWatched = std::chrono::milliseconds(1500);
  std::this_thread::sleep_for(kWatched);
  ask();
  const auto watchedUs = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(kWatched).count());
  EXPECT_LT((report.cpuUs - cpuBefore) * 20, watchedUs) << "less than 5 % of one processor";
  EXPECT_EQ(report.connectionsNow, kFits) << "those on their way to the other worker count, too";
  EXPECT_EQ(report.acceptPauses, 1U) << "one pause, however long it lasts";

  for (std::size_t i = 0; i < kFits; ++i) {
    clients[i].close();
  }
  // Those who waited get in, as many as fit at a time.
  for (std::size_t i = kFits; i < kClients; ++i) {
    ASSERT_EQ(clients[i].echo("served at last"), 0) << i;
    clients[i].close();
  }
  EXPECT_TRUE(
      eventually([&] { return report.acceptPausedNow == 0 && report.connectionsNow == 0; }));
}

}  // namespace
}  // namespace weft::test
