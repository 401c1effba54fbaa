// What a side remembers of readiness that nobody tells twice.
#include "transport/side.h"

#include <gtest/gtest.h>

#include "os/sockets.h"

namespace weft::transport {
namespace {

using os::Ready;

/// Says what a test wants it to say.
class StubTransport final : public transport::Transport {
 public:
  [[nodiscard]] int fd() const noexcept override { return 7; }

  [[nodiscard]] transport::IoResult open() noexcept override { return {}; }

  [[nodiscard]] transport::IoResult read(base::MutableBytes) noexcept override { return {}; }

  [[nodiscard]] transport::IoResult write(base::Bytes) noexcept override { return {}; }

  [[nodiscard]] transport::IoResult shutdownWrite() noexcept override { return {}; }

  void reset() noexcept override {}

  [[nodiscard]] bool hasBuffered() const noexcept override { return buffered; }

  [[nodiscard]] int spliceFd() const noexcept override { return plain ? 7 : os::kNoFd; }

  [[nodiscard]] bool readsStopEarly() const noexcept override { return stopsEarly; }

  void dispose() noexcept override {}

  bool buffered = false;
  bool plain = false;
  bool stopsEarly = false;
};

class StubPoller final : public os::Poller {
 public:
  [[nodiscard]] base::Result<void> add(int, os::Interest, os::Pollable&) override { return {}; }

  void modify(int fd, os::Interest interest, os::Pollable&) noexcept override {
    EXPECT_EQ(fd, 7);
    EXPECT_EQ(interest, os::Interest::ReadWrite);
    ++modifyCount;
  }

  void remove(int) noexcept override {}

  [[nodiscard]] std::span<const os::Readiness> wait(
      base::TimePoint, std::optional<base::TimePoint>) noexcept override {
    return {};
  }

  void wake() noexcept override {}

  [[nodiscard]] std::uint64_t changeCount() const noexcept override { return 0; }

  int modifyCount = 0;
};

class SideTest : public testing::Test, public os::Pollable {
 protected:
  void onReady(Ready) noexcept override {}

  void adopt() { side.adopt(TransportPtr(&stub)); }

  void note(int bits) { side.note({.bits = static_cast<std::uint8_t>(bits)}); }

  StubTransport stub;
  StubPoller poller;
  Side side;
};

TEST_F(SideTest, BeginsWritableAndNotReadable) {
  adopt();
  EXPECT_FALSE(side.readReady);
  EXPECT_TRUE(side.writeReady);
  EXPECT_TRUE(side.secured);
}

TEST_F(SideTest, KnowsAPlainTransport) {
  stub.plain = true;
  adopt();
  EXPECT_FALSE(side.secured);
}

TEST_F(SideTest, RemembersReadabilityUntilAReadFindsNothing) {
  adopt();
  note(Ready::kReadable);
  note(Ready::kWritable);
  EXPECT_TRUE(side.readReady);
  side.readBlocked(Status::WantRead, poller, *this);
  EXPECT_FALSE(side.readReady);
  EXPECT_EQ(poller.modifyCount, 0);
  note(Ready::kWritable);
  EXPECT_FALSE(side.readReady);
}

TEST_F(SideTest, TakesAnEndAFailureAndAnUrgentMarkForReadability) {
  for (const int bits : {Ready::kReadHangup, Ready::kFailed, Ready::kUrgent}) {
    Side fresh;
    fresh.adopt(TransportPtr(&stub));
    fresh.note({.bits = static_cast<std::uint8_t>(bits)});
    EXPECT_TRUE(fresh.readReady);
    EXPECT_TRUE(fresh.mayHoldMore());
    EXPECT_EQ(fresh.failed, bits == Ready::kFailed);
  }
}

TEST_F(SideTest, ReadsOnWritabilityWhenThatIsWhatTheReadWants) {
  adopt();
  side.readBlocked(Status::WantWrite, poller, *this);
  EXPECT_EQ(poller.modifyCount, 1);
  note(Ready::kReadable);
  EXPECT_FALSE(side.readReady);
  note(Ready::kWritable);
  EXPECT_TRUE(side.readReady);
}

TEST_F(SideTest, ReadsOnReadabilityAgainAfterAReadThatSucceeded) {
  adopt();
  side.readBlocked(Status::WantWrite, poller, *this);
  note(Ready::kWritable);
  side.readDrained();
  EXPECT_FALSE(side.readReady);
  note(Ready::kReadable);
  EXPECT_TRUE(side.readReady) << "what the read before wanted is over";
}

TEST_F(SideTest, WritesOnReadabilityWhenThatIsWhatTheWriteWants) {
  adopt();
  side.writeBlocked(Status::WantRead, poller, *this);
  EXPECT_FALSE(side.writeReady);
  EXPECT_EQ(poller.modifyCount, 0);
  note(Ready::kWritable);
  EXPECT_FALSE(side.writeReady);
  note(Ready::kReadable);
  EXPECT_TRUE(side.writeReady);
}

TEST_F(SideTest, ArmsWritabilityOnceInItsLife) {
  adopt();
  for (int i = 0; i < 3; ++i) {
    side.writeBlocked(Status::WantWrite, poller, *this);
    EXPECT_FALSE(side.writeReady);
    note(Ready::kWritable);
    EXPECT_TRUE(side.writeReady);
  }
  EXPECT_EQ(poller.modifyCount, 1);
}

TEST_F(SideTest, WritesAgainWhenAReadMayHaveTakenWhatTheWriteWaitsFor) {
  adopt();
  side.afterRead();
  EXPECT_FALSE(side.revived);
  side.writeBlocked(Status::WantRead, poller, *this);
  side.afterRead();
  EXPECT_TRUE(side.writeReady);
  EXPECT_TRUE(side.revived);
  EXPECT_TRUE(side.wantsLook());
}

TEST_F(SideTest, ReadsWhatAWriteHasTakenIn) {
  adopt();
  side.afterWrite();
  EXPECT_FALSE(side.readReady);
  stub.buffered = true;
  side.afterWrite();
  EXPECT_TRUE(side.readReady);
  EXPECT_TRUE(side.revived);
}

TEST_F(SideTest, MayHoldMoreWhenTheTransportSaysSo) {
  adopt();
  EXPECT_FALSE(side.mayHoldMore());
  stub.stopsEarly = true;
  EXPECT_TRUE(side.mayHoldMore());
  stub.stopsEarly = false;
  stub.buffered = true;
  EXPECT_TRUE(side.mayHoldMore());
}

}  // namespace
}  // namespace weft::transport
