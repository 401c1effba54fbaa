// The in-memory sockets and poller against the kernel's: one script runs on both and sees the same.
// So what sessions are tested on behaves as what they run on, down to the order of bytes, ends and
// errors.
#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include <sys/socket.h>

#include <gtest/gtest.h>

#include "os/epoll_poller.h"
#include "os/kernel_sockets.h"
#include "support/kernel_address.h"
#include "support/manual_clock.h"
#include "support/memory_poller.h"

namespace weft::os {
namespace {

/// Sockets and a poller of one kind.
class Ground {
 public:
  virtual ~Ground() = default;
  virtual Sockets& sockets() = 0;
  virtual Poller& poller() = 0;
  virtual base::Address listenAddress(int fd) = 0;
  virtual void sendUrgent(int fd, char byte) = 0;

  /// Long enough for what is on its way over loopback, where that is needed at all.
  virtual base::Duration patience() = 0;
};

class KernelGround final : public Ground {
 public:
  Sockets& sockets() override { return sockets_; }

  Poller& poller() override { return *poller_; }

  base::Address listenAddress(int fd) override { return test::boundAddress(fd); }

  void sendUrgent(int fd, char byte) override { ASSERT_EQ(::send(fd, &byte, 1, MSG_OOB), 1); }

  base::Duration patience() override { return std::chrono::milliseconds(20); }

 private:
  KernelSockets sockets_;
  std::unique_ptr<EpollPoller> poller_ = EpollPoller::open().value();
};

class MemoryGround final : public Ground {
 public:
  Sockets& sockets() override { return sockets_; }

  Poller& poller() override { return poller_; }

  base::Address listenAddress(int fd) override { return sockets_.listenAddress(fd); }

  void sendUrgent(int fd, char byte) override {
    ASSERT_EQ(sockets_.writeUrgent(fd, static_cast<std::byte>(byte)).bytes, 1U);
  }

  base::Duration patience() override { return {}; }

 private:
  test::ManualClock clock_;
  test::MemoryNetwork network_{clock_, {}};
  test::MemorySockets sockets_{network_};
  test::MemoryPoller poller_{sockets_};
};

std::unique_ptr<Ground> makeGround(const std::string& kind) {
  if (kind == "Kernel") {
    return std::make_unique<KernelGround>();
  }
  return std::make_unique<MemoryGround>();
}

struct Ear final : Pollable {
  void onReady(Ready) noexcept override {}
};

class SocketsConformanceTest : public testing::TestWithParam<std::string> {
 protected:
  SocketsConformanceTest() {
    listener = sockets
                   .listen({.address = base::Address::ipv4({127, 0, 0, 1}, 0),
                            .backlogCount = 16,
                            .unixMode = {},
                            .stream = {}})
                   .value();
    address = ground->listenAddress(listener);
  }

  ~SocketsConformanceTest() override {
    for (const int fd : {near, far}) {
      if (fd != kNoFd) {
        sockets.close(fd);
      }
    }
    if (listener != kNoFd) {
      sockets.closeListener(listener, address);
    }
  }

  /// `near` is watched, `far` is its other end.
  void connect(Interest interest) {
    far = sockets.connect(address, {}).value();
    near = sockets.accept(listener).fd;
    ASSERT_NE(near, kNoFd);
    ASSERT_TRUE(poller.add(near, interest, ear).ok());
  }

  /// What is reported of `near` now; 0 for nothing.
  std::uint8_t told() {
    const auto now = clock.now();
    const auto ready = poller.wait(now, now + ground->patience());
    EXPECT_LE(ready.size(), 1U);
    return ready.empty() ? std::uint8_t{0} : ready.front().ready.bits;
  }

  void send(int fd, const std::string& text) {
    ASSERT_EQ(sockets.write(fd, base::bytesOf(text)).bytes, text.size());
  }

  /// A read as text: the bytes, or how it ended.
  std::string readFrom(int fd) {
    std::array<std::byte, 65'536> buffer;
    return asText(sockets.read(fd, buffer), buffer);
  }

  static std::string asText(const IoResult& result, base::Bytes bytes) {
    switch (result.status) {
      case IoStatus::Ok:
        return {reinterpret_cast<const char*>(bytes.data()), result.bytes};
      case IoStatus::WouldBlock:
        return "(would block)";
      case IoStatus::Eof:
        return "(end)";
      case IoStatus::Failed:
        break;
    }
    return result.sysErrno == ECONNRESET ? "(reset)"
                                         : "(errno " + std::to_string(result.sysErrno) + ")";
  }

  std::string writeTo(int fd) {
    const IoResult result = sockets.write(fd, base::bytesOf("x"));
    return result.status == IoStatus::Ok ? "(ok)" : asText(result, {});
  }

  void closeFar() { sockets.close(std::exchange(far, kNoFd)); }

  void resetFar() { sockets.reset(std::exchange(far, kNoFd)); }

  const std::unique_ptr<Ground> ground = makeGround(GetParam());
  Sockets& sockets = ground->sockets();
  Poller& poller = ground->poller();
  base::SystemClock clock;
  Ear ear;
  int listener = kNoFd;
  base::Address address;
  int near = kNoFd;
  int far = kNoFd;
};

constexpr std::uint8_t kIn = Ready::kReadable;
constexpr std::uint8_t kOut = Ready::kWritable;
constexpr std::uint8_t kHangup = Ready::kReadHangup;
constexpr std::uint8_t kFailed = Ready::kFailed;
constexpr std::uint8_t kUrgent = Ready::kUrgent;

TEST_P(SocketsConformanceTest, TellsOfArrivalsOnceEach) {
  connect(Interest::Read);
  EXPECT_EQ(told(), 0);
  send(far, "a");
  EXPECT_EQ(told(), kIn);
  EXPECT_EQ(told(), 0) << "told once, though it was not read";
  send(far, "b");
  EXPECT_EQ(told(), kIn);
  EXPECT_EQ(readFrom(near), "ab");
  EXPECT_EQ(readFrom(near), "(would block)");
  EXPECT_EQ(told(), 0);
}

TEST_P(SocketsConformanceTest, DoesNotTellOfWhatWasReadMeanwhile) {
  connect(Interest::Read);
  send(far, "a");
  EXPECT_EQ(readFrom(near), "a");
  EXPECT_EQ(told(), 0);
}

TEST_P(SocketsConformanceTest, TellsAtOnceWhatIsThereWhenAskedToWatch) {
  far = sockets.connect(address, {}).value();
  near = sockets.accept(listener).fd;
  send(far, "early");
  ASSERT_TRUE(poller.add(near, Interest::Read, ear).ok());
  EXPECT_EQ(told(), kIn);
  EXPECT_EQ(told(), 0);
  poller.modify(near, Interest::ReadWrite, ear);
  EXPECT_EQ(told(), kIn | kOut) << "a change looks again";
  EXPECT_EQ(told(), 0);
}

TEST_P(SocketsConformanceTest, TellsOfRoomOnlyAfterAWriteThatFoundNone) {
  connect(Interest::ReadWrite);
  EXPECT_EQ(told(), kOut);
  send(near, "x");
  EXPECT_EQ(told(), 0);
  const std::string block(65'536, 'x');
  while (sockets.write(near, base::bytesOf(block)).status == IoStatus::Ok) {
  }
  EXPECT_EQ(told(), 0);
  while (readFrom(far) != "(would block)") {
  }
  EXPECT_EQ(told(), kOut);
}

TEST_P(SocketsConformanceTest, ReportsAnEnd) {
  connect(Interest::Read);
  send(far, "last");
  sockets.shutdownWrite(far);
  EXPECT_EQ(told(), kIn | kHangup);
  EXPECT_EQ(readFrom(near), "last");
  EXPECT_EQ(readFrom(near), "(end)");
  EXPECT_EQ(readFrom(near), "(end)");
  EXPECT_EQ(writeTo(near), "(ok)") << "the other half is open";
  EXPECT_EQ(readFrom(far), "x");
}

TEST_P(SocketsConformanceTest, ReportsTheEndOfBothHalvesAsFailed) {
  connect(Interest::Read);
  sockets.shutdownWrite(near);
  EXPECT_EQ(told(), 0);
  sockets.shutdownWrite(far);
  EXPECT_EQ(told(), kIn | kHangup | kFailed);
  EXPECT_EQ(sockets.connectError(near), 0) << "and no error behind it";
}

TEST_P(SocketsConformanceTest, ReportsAResetOnceAndThenAnEnd) {
  connect(Interest::Read);
  resetFar();
  EXPECT_EQ(told(), kIn | kHangup | kFailed);
  EXPECT_EQ(readFrom(near), "(reset)");
  EXPECT_EQ(readFrom(near), "(end)") << "the error was told, the end is what is left";
  EXPECT_EQ(writeTo(near), "(errno " + std::to_string(EPIPE) + ")");
}

TEST_P(SocketsConformanceTest, GivesWhatCameBeforeAReset) {
  connect(Interest::Read);
  send(far, "before");
  resetFar();
  EXPECT_EQ(told(), kIn | kHangup | kFailed);
  EXPECT_EQ(readFrom(near), "before");
  EXPECT_EQ(readFrom(near), "(reset)");
}

TEST_P(SocketsConformanceTest, TellsAResetToWhoeverWritesFirst) {
  connect(Interest::Read);
  send(far, "before");
  resetFar();
  EXPECT_EQ(writeTo(near), "(reset)");
  EXPECT_EQ(readFrom(near), "before") << "still there";
  EXPECT_EQ(readFrom(near), "(end)") << "which is not one";
}

TEST_P(SocketsConformanceTest, HidesAResetBehindAnEndFromReaders) {
  connect(Interest::Read);
  sockets.shutdownWrite(far);
  EXPECT_EQ(told(), kIn | kHangup);
  EXPECT_EQ(readFrom(near), "(end)");
  resetFar();
  EXPECT_EQ(told(), kIn | kHangup | kFailed);
  EXPECT_EQ(readFrom(near), "(end)");
  EXPECT_EQ(sockets.connectError(near), EPIPE);
  EXPECT_EQ(sockets.connectError(near), 0);
}

TEST_P(SocketsConformanceTest, ResetsWhoClosesWithoutHavingRead) {
  connect(Interest::Read);
  send(near, "never read");
  closeFar();
  EXPECT_EQ(told(), kIn | kHangup | kFailed);
  EXPECT_EQ(readFrom(near), "(reset)");
}

TEST_P(SocketsConformanceTest, AnswersBytesForAClosedSocketWithAReset) {
  connect(Interest::Read);
  closeFar();
  EXPECT_EQ(told(), kIn | kHangup);
  EXPECT_EQ(writeTo(near), "(ok)");
  EXPECT_EQ(told(), kIn | kHangup | kFailed);
  EXPECT_EQ(writeTo(near), "(errno " + std::to_string(EPIPE) + ")");
}

TEST_P(SocketsConformanceTest, StopsReadsAtAnUrgentMark) {
  connect(Interest::Read);
  send(far, "abc");
  ground->sendUrgent(far, 'd');
  send(far, "ef");
  EXPECT_EQ(told(), kIn | kUrgent);
  EXPECT_EQ(readFrom(near), "abc");
  EXPECT_EQ(readFrom(near), "def") << "in its place, and no byte is lost";
  EXPECT_EQ(told(), 0);
}

TEST_P(SocketsConformanceTest, CannotSplicePastAnUrgentMark) {
  connect(Interest::Read);
  const PipeFds pipe = sockets.openPipe(65'536).value();
  send(far, "abc");
  ground->sendUrgent(far, 'd');
  send(far, "ef");
  EXPECT_EQ(sockets.spliceIn(near, pipe, 100).bytes, 3U);
  EXPECT_EQ(sockets.spliceIn(near, pipe, 100).status, IoStatus::WouldBlock);
  EXPECT_EQ(sockets.readableBytes(near), 3U) << "though there are bytes";
  sockets.shutdownWrite(far);
  told();
  EXPECT_EQ(sockets.spliceIn(near, pipe, 100).status, IoStatus::Eof) << "a false end";
  EXPECT_EQ(sockets.readableBytes(near), 3U);
  EXPECT_EQ(readFrom(near), "def");
  EXPECT_EQ(readFrom(near), "(end)");
  sockets.closePipe(pipe);
}

TEST_P(SocketsConformanceTest, FillsTheSlotsOfAPipeWithSmallPackets) {
  connect(Interest::Read);
  const PipeFds pipe = sockets.openPipe(65'536).value();
  for (int i = 0; i < 200; ++i) {
    send(far, std::string(100, 'x'));
  }
  std::size_t inPipe = 0;
  for (IoResult result = sockets.spliceIn(near, pipe, 65'536); result.status == IoStatus::Ok;
       result = sockets.spliceIn(near, pipe, 65'536)) {
    inPipe += result.bytes;
  }
  EXPECT_LT(inPipe, 20'000U) << "full long before its 64 KiB";
  EXPECT_EQ(sockets.readableBytes(near), 20'000U - inPipe);
  // Each slot that is emptied has room again.
  std::size_t out = sockets.spliceOut(pipe, near, inPipe).bytes;
  EXPECT_EQ(out, inPipe);
  EXPECT_GT(sockets.spliceIn(near, pipe, 65'536).bytes, 0U);
  sockets.closePipe(pipe);
}

TEST_P(SocketsConformanceTest, ReportsARefusedConnect) {
  sockets.closeListener(std::exchange(listener, kNoFd), address);
  near = sockets.connect(address, {}).value();
  ASSERT_TRUE(poller.add(near, Interest::ReadWrite, ear).ok());
  EXPECT_EQ(told(), kIn | kOut | kHangup | kFailed);
  EXPECT_EQ(sockets.connectError(near), ECONNREFUSED);
}

TEST_P(SocketsConformanceTest, ReportsAConnectAsWritable) {
  near = sockets.connect(address, {}).value();
  ASSERT_TRUE(poller.add(near, Interest::ReadWrite, ear).ok());
  EXPECT_EQ(told(), kOut);
  EXPECT_EQ(sockets.connectError(near), 0);
}

TEST_P(SocketsConformanceTest, RepeatsWhatWaitsToBeAcceptedUntilItIsPaused) {
  ASSERT_TRUE(poller.add(listener, Interest::Accept, ear).ok());
  EXPECT_EQ(told(), 0);
  far = sockets.connect(address, {}).value();
  EXPECT_EQ(told(), kIn);
  EXPECT_EQ(told(), kIn);
  poller.modify(listener, Interest::Paused, ear);
  EXPECT_EQ(told(), 0);
  poller.modify(listener, Interest::Accept, ear);
  EXPECT_EQ(told(), kIn);
  near = sockets.accept(listener).fd;
  EXPECT_EQ(told(), 0);
  EXPECT_EQ(sockets.accept(listener).sysErrno, EAGAIN);
}

TEST_P(SocketsConformanceTest, ResetsWhatWaitsInAListenerThatIsClosed) {
  near = sockets.connect(address, {}).value();
  ASSERT_TRUE(poller.add(near, Interest::Read, ear).ok());
  told();
  sockets.closeListener(std::exchange(listener, kNoFd), address);
  EXPECT_EQ(told(), kIn | kHangup | kFailed);
  EXPECT_EQ(readFrom(near), "(reset)");
}

TEST_P(SocketsConformanceTest, ReportsNothingOfADescriptorThatIsClosedOrRemoved) {
  connect(Interest::Read);
  send(far, "x");
  poller.remove(near);
  EXPECT_EQ(told(), 0);
  ASSERT_TRUE(poller.add(near, Interest::Read, ear).ok());
  sockets.close(std::exchange(near, kNoFd));
  EXPECT_EQ(told(), 0);
}

TEST_P(SocketsConformanceTest, WakesAWait) {
  poller.wake();
  const auto ready = poller.wait(clock.now(), std::nullopt);
  EXPECT_TRUE(ready.empty()) << "and returns, with nothing to tell";
}

TEST_P(SocketsConformanceTest, CountsRegistrationsAndTheirChanges) {
  const std::uint64_t before = poller.changeCount();
  connect(Interest::Read);
  send(far, "x");
  told();
  EXPECT_EQ(poller.changeCount(), before + 1);
  poller.modify(near, Interest::ReadWrite, ear);
  EXPECT_EQ(poller.changeCount(), before + 2);
  poller.remove(near);
  EXPECT_EQ(poller.changeCount(), before + 3);
}

INSTANTIATE_TEST_SUITE_P(Both, SocketsConformanceTest, testing::Values("Kernel", "Memory"),
                         [](const testing::TestParamInfo<std::string>& info) {
                           return info.param;
                         });

}  // namespace
}  // namespace weft::os
