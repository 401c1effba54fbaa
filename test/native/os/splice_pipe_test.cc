// Pipes for splicing and their pool: how many, how big, what may be used again, and what a user
// without privileges gets.
#include "os/splice_pipe.h"

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/manual_clock.h"
#include "support/memory_sockets.h"

namespace weft::os {
namespace {

constexpr std::size_t kPipeBytes = std::size_t{1024} * 1024;

class PipePoolTest : public testing::Test {
 protected:
  PipePoolTest() { pool.setLimits(2, kPipeBytes); }

  /// A connected pair of sockets: what is written to the first is read from the second.
  void connectPair() {
    const int listener =
        sockets.listen({.address = address, .backlogCount = 8, .unixMode = {}, .stream = {}})
            .value();
    client = sockets.connect(address, {}).value();
    server = sockets.accept(listener).fd;
    sockets.closeListener(listener, address);
  }

  [[nodiscard]] LentPipe filled(std::size_t bytes) {
    connectPair();
    EXPECT_EQ(sockets.write(client, base::bytesOf(std::string(bytes, 'x'))).bytes, bytes);
    LentPipe pipe = pool.take(clock.now());
    EXPECT_EQ(pipe->fillFrom(server).bytes, bytes);
    return pipe;
  }

  const base::Address address = base::Address::ipv4({10, 0, 0, 1}, 1);
  test::ManualClock clock;
  test::MemoryNetwork network{clock, {}};
  test::MemorySockets sockets{network};
  PipePool pool{sockets};
  int client = kNoFd;
  int server = kNoFd;
};

TEST_F(PipePoolTest, UsesAnEmptyPipeAgain) {
  auto pipe = pool.take(clock.now());
  ASSERT_NE(pipe, nullptr);
  EXPECT_EQ(pipe->capacityBytes(), kPipeBytes);
  SplicePipe* first = pipe.get();
  pipe.reset();
  pipe = pool.take(clock.now());
  EXPECT_EQ(pipe.get(), first);
  EXPECT_EQ(sockets.callCount(test::Call::OpenPipe), 1U);
  pipe.reset();
}

TEST_F(PipePoolTest, ClosesAPipeThatComesBackWithBytes) {
  filled(100).reset();
  EXPECT_EQ(pool.openCount(), 0U);
  auto next = pool.take(clock.now());
  EXPECT_EQ(next->size(), 0U);
  EXPECT_EQ(next->drainTo(client).status, IoStatus::WouldBlock) << "nothing of anybody is in it";
  next.reset();
}

TEST_F(PipePoolTest, OpensNoMoreThanItsLimitAndCountsWhatItDenied) {
  auto first = pool.take(clock.now());
  auto second = pool.take(clock.now());
  EXPECT_EQ(pool.take(clock.now()), nullptr);
  EXPECT_EQ(pool.take(clock.now()), nullptr);
  EXPECT_EQ(pool.openCount(), 2U);
  EXPECT_EQ(pool.deniedCount(), 2U);
  EXPECT_EQ(sockets.openCount(), 4U);
  first.reset();
  EXPECT_NE(first = pool.take(clock.now()), nullptr);
  first.reset();
  second.reset();
}

TEST_F(PipePoolTest, GivesNoneWhenItsLimitIsZero) {
  pool.setLimits(0, kPipeBytes);
  EXPECT_EQ(pool.take(clock.now()), nullptr);
  EXPECT_EQ(sockets.callCount(test::Call::OpenPipe), 0U);
}

TEST_F(PipePoolTest, ClosesWhatIsTooMuchForALowerLimit) {
  auto first = pool.take(clock.now());
  auto second = pool.take(clock.now());
  pool.setLimits(1, kPipeBytes);
  first.reset();
  EXPECT_EQ(pool.openCount(), 1U);
  second.reset();
  EXPECT_EQ(pool.openCount(), 1U);
}

TEST_F(PipePoolTest, DoesWithoutAPipeThatTheKernelMadeSmall) {
  sockets.setPipeBytesMax(8192);
  EXPECT_EQ(pool.take(clock.now()), nullptr) << "copying is faster than 8 KiB at a time";
  EXPECT_EQ(sockets.openCount(), 0U) << "it was closed again";
  EXPECT_EQ(pool.openCount(), 0U);
  EXPECT_EQ(pool.deniedCount(), 1U);
}

TEST_F(PipePoolTest, AsksTheKernelOnceASecondAfterItRefused) {
  sockets.failCalls([](test::Call call) { return call == test::Call::OpenPipe ? EMFILE : 0; });
  EXPECT_EQ(pool.take(clock.now()), nullptr);
  EXPECT_EQ(pool.take(clock.now()), nullptr);
  EXPECT_EQ(sockets.callCount(test::Call::OpenPipe), 1U);
  sockets.failCalls({});
  clock.advance(std::chrono::milliseconds(1001));
  auto pipe = pool.take(clock.now());
  EXPECT_NE(pipe, nullptr);
  EXPECT_EQ(pool.deniedCount(), 2U);
  pipe.reset();
}

TEST_F(PipePoolTest, ClosesWhatNobodyUsesOnTrim) {
  auto kept = pool.take(clock.now());
  pool.take(clock.now()).reset();
  pool.trim();
  EXPECT_EQ(pool.openCount(), 1U);
  EXPECT_EQ(sockets.openCount(), 2U);
  kept.reset();
}

TEST_F(PipePoolTest, AsksForTheNewSizeAfterAChange) {
  pool.take(clock.now()).reset();
  pool.setLimits(2, kPipeBytes / 2);
  auto pipe = pool.take(clock.now());
  EXPECT_EQ(pipe->capacityBytes(), kPipeBytes / 2);
  pipe.reset();
}

TEST_F(PipePoolTest, CountsTheBytesInAPipe) {
  auto pipe = filled(1000);
  EXPECT_EQ(pipe->size(), 1000U);
  EXPECT_EQ(pipe->drainTo(client).bytes, 1000U);
  EXPECT_EQ(pipe->size(), 0U);
  pipe.reset();
  EXPECT_EQ(pool.openCount(), 1U);
}

TEST_F(PipePoolTest, HoldsMoreThanItsCapacityWhenPacketsAreLarge) {
  network.setBuffers(3 * kPipeBytes, 3 * kPipeBytes);
  network.setPieceBytes(32'768);
  connectPair();
  const std::string bytes(3 * kPipeBytes, 'x');
  ASSERT_EQ(sockets.write(client, base::bytesOf(bytes)).bytes, bytes.size());
  auto pipe = pool.take(clock.now());
  std::size_t moved = 0;
  for (IoResult result = pipe->fillFrom(server); result.status == IoStatus::Ok;
       result = pipe->fillFrom(server)) {
    moved += result.bytes;
  }
  EXPECT_GT(moved, pipe->capacityBytes());
  EXPECT_EQ(pipe->size(), moved);
  std::size_t drained = 0;
  for (IoResult result = pipe->drainTo(server); result.status == IoStatus::Ok;
       result = pipe->drainTo(server)) {
    drained += result.bytes;
  }
  EXPECT_EQ(drained, moved);
  pipe.reset();
}

}  // namespace
}  // namespace weft::os
