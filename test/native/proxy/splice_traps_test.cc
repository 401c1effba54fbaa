// Traps of splice and TCP that are the kernel's own: real sockets on loopback, a real poller, a
// worker that the test turns. What the peer does "meanwhile" is done from a hook just before the
// call that is to meet it.
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/kernel_proxy.h"
#include "support/memory_proxy.h"
#include "support/sanitizers.h"

namespace weft::test {
namespace {

using telemetry::CloseReason;
using telemetry::WorkerCell;

constexpr std::size_t kBlock = 65'536;

class SpliceTrapsTest : public testing::Test {
 protected:
  void SetUp() override { world.open(client, server); }

  /// Everything that the client sends goes through here, so that the test knows the whole stream.
  void sendRaw(const std::string& bytes) {
    sent += bytes;
    client->send(bytes);
  }

  /// At once, from within a call of the proxy.
  void sendNow(const std::string& bytes, int flags = 0) {
    ASSERT_EQ(::send(client->fd(), bytes.data(), bytes.size(), flags | MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    sent += bytes;
  }

  [[nodiscard]] bool serverHas(const std::string& bytes) {
    return world.until([&] {
      return server->received().size() >= bytes.size() || server->over();
    }) && server->received() == bytes;
  }

  /// Bulk until the upward direction splices.
  void promote() {
    const std::uint64_t before = world.sockets.callCount(Call::SpliceIn);
    for (int i = 0; i < 100 && world.sockets.callCount(Call::SpliceIn) == before; ++i) {
      sendRaw(patternBytes(4 * kBlock, static_cast<std::uint64_t>(i)));
      ASSERT_TRUE(serverHas(sent));
    }
    ASSERT_GT(world.sockets.callCount(Call::SpliceIn), before) << "bulk was not spliced";
  }

  /// A pipe holds bytes that its destination does not take.
  [[nodiscard]] bool pipeInUse() {
    for (const auto& connection : dump().connections) {
      if (connection.spliced && connection.bufferedBytes > 0) {
        return true;
      }
    }
    return false;
  }

  /// And goes on not taking them: the kernel takes a rest some time after it was full.
  [[nodiscard]] bool pipeIsStuck() {
    for (int i = 0; i < 100 && pipeInUse(); ++i) {
      world.steps(1);
    }
    return pipeInUse();
  }

  [[nodiscard]] engine::DumpResult dump() {
    engine::DumpResult result;
    world.proxy.worker().dump({.kind = engine::DumpKind::Connections, .countMax = 10, .filter = {}},
                              result);
    return result;
  }

  /// Runs once, just before the first call of this kind from now on.
  void beforeNext(Call call, std::function<void()> act) {
    world.sockets.beforeCalls(
        [call, act = std::move(act), acted = false](Call present, int) mutable {
          if (present == call && !std::exchange(acted, true)) {
            act();
          }
        });
  }

  KernelProxy world;
  Peer* client = nullptr;
  Peer* server = nullptr;
  std::string sent;
};

TEST_F(SpliceTrapsTest, UrgentDataInFrontOfASpliceLosesNothing) {
  promote();
  // The poller has been asked already, so that nobody knows of the mark when the splice comes to
  // it.
  beforeNext(Call::SpliceIn, [this] {
    sendNow("!", MSG_OOB);
    sendNow("behind the mark");
  });
  sendNow(patternBytes(4 * kBlock, 77));
  ASSERT_TRUE(serverHas(sent));
  sendRaw("and on it goes");
  ASSERT_TRUE(serverHas(sent));
}

TEST_F(SpliceTrapsTest, UrgentDataWithAnEndBehindItIsNoFalseEnd) {
  promote();
  beforeNext(Call::SpliceIn, [this] {
    sendNow("!", MSG_OOB);
    sendNow("behind the mark");
    ::shutdown(client->fd(), SHUT_WR);
  });
  sendNow(patternBytes(2 * kBlock, 78));
  ASSERT_TRUE(serverHas(sent));
  EXPECT_TRUE(world.until([&] { return server->ended(); }));
  EXPECT_EQ(server->failure(), 0);
}

TEST_F(SpliceTrapsTest, UrgentDataWhileCopyingLosesNothing) {
  sendNow("before");
  for (int i = 0; i < 10; ++i) {
    sendNow("!", MSG_OOB);
    sendNow("behind the mark");
    world.steps(2);
  }
  ASSERT_TRUE(serverHas(sent));
  sendNow("!", MSG_OOB);
  ::shutdown(client->fd(), SHUT_WR);
  ASSERT_TRUE(serverHas(sent));
  EXPECT_TRUE(world.until([&] { return server->ended(); }));
}

TEST_F(SpliceTrapsTest, SmallPacketsThatFillTheSlotsLeaveNothingBehind) {
  world.config.next.limits.pipeBytes = 262'144;
  world.publish();
  promote();
  const std::uint64_t before = world.sockets.callCount(Call::SpliceIn);
  // 64 slots, a packet or two in each. All of it is there before the proxy looks.
  for (int i = 0; i < 500; ++i) {
    sendNow(std::string(100, static_cast<char>('a' + i % 26)));
  }
  ASSERT_TRUE(serverHas(sent)) << "no arrival comes after the pipe was full";
  EXPECT_GT(world.sockets.callCount(Call::SpliceIn), before) << "it was copied all along";
}

TEST_F(SpliceTrapsTest, TheTailOfAPipeIsNotLostWhenTheEndComesEarly) {
  // Small buffers, so that the pipe gets what the sockets do not take.
  world.sockets.setBufferBytes(65'536);
  world.outside.setBufferBytes(65'536);
  world.open(client, server);
  // How the kernel cuts the last bytes before everything is full decides whether they are spliced
  // or copied; one of many tries leaves the pipe full for good.
  bool stuck = false;
  for (int attempt = 0; attempt < 40 && !stuck && !HasFatalFailure(); ++attempt) {
    server->readOn();
    ASSERT_TRUE(serverHas(sent));
    promote();
    server->setReadMax(server->received().size());
    for (std::uint64_t i = 0; i < 100 && !stuck; ++i) {
      sendRaw(patternBytes(kBlock / 2, i));
      world.steps(5);
      stuck = pipeIsStuck();
    }
  }
  ASSERT_TRUE(stuck);
  // The socket is empty; what the destination did not take is in the pipe. Now comes the end.
  client->finish();
  world.steps(20);
  EXPECT_TRUE(pipeInUse());
  EXPECT_FALSE(server->ended());
  server->readOn();
  ASSERT_TRUE(serverHas(sent));
  EXPECT_TRUE(world.until([&] { return server->ended(); }));
}

TEST_F(SpliceTrapsTest, NothingSpinsWhileThePipeIsFull) {
  promote();
  server->setReadMax(server->received().size());
  client->send(patternBytes(40'000'000, 5));
  ASSERT_TRUE(world.until([&] {
    const std::size_t before = client->sentBytes();
    world.steps(30);
    return client->sentBytes() == before;
  }));
  const std::uint64_t splices = world.sockets.callCount(Call::SpliceIn);
  const std::uint64_t restless = world.poller.restlessCount();
  world.steps(50);
  EXPECT_EQ(world.sockets.callCount(Call::SpliceIn), splices);
  EXPECT_EQ(world.poller.restlessCount(), restless);
}

TEST_F(SpliceTrapsTest, APipeWithSomebodysBytesServesNobodyElse) {
  world.config.next.limits.pipeCountMax = 1;
  world.publish();
  promote();
  server->setReadMax(server->received().size());
  client->send(std::string(40'000'000, 'S'));
  ASSERT_TRUE(world.until([&] {
    const std::size_t before = client->sentBytes();
    world.steps(30);
    return client->sentBytes() == before;
  }));
  server->reset();
  ASSERT_TRUE(world.until([&] { return client->failure() != 0; }));
  world.open(client, server);
  sent.clear();
  const std::uint64_t before = world.sockets.callCount(Call::SpliceIn);
  for (int i = 0; i < 100 && world.sockets.callCount(Call::SpliceIn) == before; ++i) {
    sendRaw(std::string(4 * kBlock, 'b'));
    ASSERT_TRUE(serverHas(sent)) << "the bytes of another connection are among them";
  }
  EXPECT_GT(world.sockets.callCount(Call::SpliceIn), before);
  ASSERT_TRUE(serverHas(sent));
}

TEST_F(SpliceTrapsTest, AResetBehindSplicedBytesIsAReset) {
  promote();
  sendRaw(patternBytes(10 * kBlock, 6));
  ASSERT_TRUE(serverHas(sent));
  client->reset();
  ASSERT_TRUE(world.until([&] { return server->over(); }));
  EXPECT_EQ(server->failure(), ECONNRESET);
  EXPECT_FALSE(server->ended());
  EXPECT_EQ(world.proxy.closes(1, CloseReason::DownstreamReset), 1U);
}

TEST_F(SpliceTrapsTest, AHalfThatHasEndedDoesNotEndTheOther) {
  client->finish();
  ASSERT_TRUE(world.until([&] { return server->ended(); }));
  const std::string answer = patternBytes(20 * kBlock, 3);
  server->send(answer);
  ASSERT_TRUE(world.until([&] { return client->received().size() == answer.size(); }));
  EXPECT_TRUE(client->received() == answer);
  server->finish();
  ASSERT_TRUE(world.until([&] { return client->ended(); }));
  EXPECT_EQ(world.proxy.closes(1, CloseReason::Finished), 1U);
}

TEST_F(SpliceTrapsTest, MoreThanOneReadThatArrivedAtOnceIsAllRead) {
  // All of it waits in the proxy's socket before its first look.
  sendNow(patternBytes(3 * kBlock, 4));
  ASSERT_TRUE(serverHas(sent)) << "no arrival comes after the first read";
}

TEST_F(SpliceTrapsTest, DeadPeersAreLookedForOnBothSides) {
  world.config.listener(1).keepalive = snapshot::Keepalive{
      .idle = std::chrono::seconds(30), .interval = std::chrono::seconds(5), .probesMax = 3};
  world.config.listener(1).userTimeout = std::chrono::seconds(40);
  world.config.cluster(1).keepalive = snapshot::Keepalive{
      .idle = std::chrono::seconds(31), .interval = std::chrono::seconds(6), .probesMax = 4};
  world.config.cluster(1).userTimeout = std::chrono::seconds(41);
  world.publish();
  std::vector<int> fds;
  world.sockets.beforeCalls([&fds](Call call, int fd) {
    if (call == Call::Read) {
      fds.push_back(fd);
    }
  });
  world.open(client, server);
  client->send("a");
  server->send("b");
  ASSERT_TRUE(world.until([&] { return client->received() == "b" && server->received() == "a"; }));
  ASSERT_GE(fds.size(), 2U);
  const auto option = [](int fd, int level, int name) {
    int value = -1;
    socklen_t length = sizeof(value);
    EXPECT_EQ(::getsockopt(fd, level, name, &value, &length), 0);
    return value;
  };
  const int downstream = fds.front();
  const int upstream = *std::ranges::find_if(fds, [&](int fd) { return fd != downstream; });
  EXPECT_EQ(option(downstream, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(downstream, IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(option(downstream, IPPROTO_TCP, TCP_USER_TIMEOUT), 40'000);
  EXPECT_EQ(option(upstream, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(upstream, IPPROTO_TCP, TCP_KEEPIDLE), 31);
  EXPECT_EQ(option(upstream, IPPROTO_TCP, TCP_KEEPCNT), 4);
  EXPECT_EQ(option(upstream, IPPROTO_TCP, TCP_USER_TIMEOUT), 41'000);
}

/// Runs in a child process as a user without privileges whose pipes have used up what such a user
/// may have.
int runUnprivileged() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  constexpr uid_t kNobody = 65'534;
  if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) {
    return 10;
  }
  std::vector<int> pipes;
  int fds[2] = {-1, -1};
  // 64 KiB each until the soft limit of 16,384 pages is used up; then 8 KiB each.
  while (pipes.size() < 6000 && ::pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0) {
    pipes.push_back(fds[0]);
    pipes.push_back(fds[1]);
    if (::fcntl(fds[0], F_GETPIPE_SZ) < 65'536) {
      break;
    }
  }
  if (pipes.empty() || ::fcntl(pipes.back(), F_GETPIPE_SZ) >= 65'536) {
    return 11;
  }
  if (::fcntl(pipes.back(), F_SETPIPE_SZ, 1024 * 1024) >= 0 || errno != EPERM) {
    return 12;
  }
  KernelProxy world;
  Peer* client = nullptr;
  Peer* server = nullptr;
  world.open(client, server);
  const std::string bytes = patternBytes(5'000'000, 8);
  client->send(bytes);
  client->finish();
  if (!world.until([&] { return server->over(); }) || server->received() != bytes) {
    return 13;
  }
  if (world.sockets.callCount(Call::SpliceIn) > 0) {
    return 14;
  }
  if (world.proxy.workerCell(WorkerCell::PipesDenied) == 0 ||
      world.proxy.workerCell(WorkerCell::PipesNow) != 0) {
    return 15;
  }
  return 0;
}

TEST(UnprivilegedPipesTest, AreTooSmallToSpliceSoThatBytesAreCopied) {
  if (::getuid() != 0) {
    GTEST_SKIP() << "becoming another user takes root";
  }
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::_exit(runUnprivileged());
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0)
      << "10: no other user; 11, 12: pipes did not shrink; 13: bytes are "
         "wrong; 14: spliced; 15: counters are wrong";
}

}  // namespace
}  // namespace weft::test
