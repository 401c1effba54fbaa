// Buffers: a copy of bytes, given up piece by piece, and a bound on what all of them hold.
#include "os/buffer_pool.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::os {
namespace {

std::string textOf(const Buffer& buffer) {
  const base::Bytes bytes = buffer.unread();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class BufferPoolTest : public testing::Test {
 protected:
  BufferPoolTest() { pool.setBytesMax(1'000'000); }

  [[nodiscard]] Buffer copyOf(std::size_t count) {
    return pool.copyOf(base::bytesOf(std::string(count, 'x')));
  }

  BufferPool pool;
};

TEST_F(BufferPoolTest, HoldsACopyUntilItIsConsumed) {
  std::string text = "some bytes";
  Buffer buffer = pool.copyOf(base::bytesOf(text));
  text = "overwritten";
  EXPECT_EQ(textOf(buffer), "some bytes");
  EXPECT_EQ(buffer.size(), 10U);
  buffer.consume(5);
  EXPECT_EQ(textOf(buffer), "bytes");
  EXPECT_FALSE(buffer.empty());
  buffer.consume(5);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(pool.bytesNow(), 0U) << "the memory is back with the last byte";
}

TEST_F(BufferPoolTest, HasFiveSizes) {
  const std::vector<std::pair<std::size_t, std::size_t>> sizes = {
      {1, 1024},        {1024, 1024},     {1025, 4096},     {4096, 4096},      {4097, 16'384},
      {16'384, 16'384}, {16'385, 65'536}, {65'536, 65'536}, {65'537, 262'144}, {262'144, 262'144}};
  for (const auto& [bytes, capacity] : sizes) {
    const Buffer buffer = copyOf(bytes);
    EXPECT_EQ(pool.bytesNow(), capacity) << bytes;
  }
  EXPECT_EQ(pool.bytesNow(), 0U);
}

TEST_F(BufferPoolTest, GivesNothingBeyondItsLimit) {
  pool.setBytesMax(20'000);
  const Buffer medium = copyOf(10'000);
  EXPECT_FALSE(medium.empty());
  const Buffer tooMuch = copyOf(5000);
  EXPECT_TRUE(tooMuch.empty());
  EXPECT_EQ(tooMuch.size(), 0U);
  EXPECT_EQ(pool.bytesNow(), 16'384U);
  EXPECT_TRUE(copyOf(4000).empty()) << "16 KiB and 4 KiB are more than 20,000";
  pool.setBytesMax(16'384 + 4096);
  EXPECT_FALSE(copyOf(4000).empty());
}

TEST_F(BufferPoolTest, LetsALowerLimitWaitForWhatIsOut) {
  Buffer buffer = copyOf(50'000);
  pool.setBytesMax(1000);
  EXPECT_EQ(buffer.size(), 50'000U);
  EXPECT_TRUE(copyOf(1).empty());
  buffer.release();
  EXPECT_EQ(pool.bytesNow(), 0U);
}

TEST_F(BufferPoolTest, MovesWithoutACopy) {
  Buffer first = copyOf(3);
  Buffer second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): a moved buffer is an empty one.
  EXPECT_EQ(second.size(), 3U);
  Buffer third = copyOf(5000);
  third = std::move(second);
  EXPECT_EQ(third.size(), 3U);
  EXPECT_EQ(pool.bytesNow(), 1024U) << "what it held before is back";
}

TEST_F(BufferPoolTest, ServesAnewAfterATrim) {
  copyOf(100).release();
  pool.trim();
  const Buffer buffer = copyOf(100);
  EXPECT_EQ(buffer.size(), 100U);
}

TEST_F(BufferPoolTest, LendsRoomThatIsFilledLater) {
  Buffer buffer = copyOf(10);
  const base::MutableBytes room = pool.room(buffer, 5000);
  ASSERT_EQ(room.size(), 5000U);
  EXPECT_EQ(buffer.size(), 10U) << "nothing of it counts yet";
  room[0] = std::byte{'y'};
  buffer.added(1);
  EXPECT_EQ(textOf(buffer), std::string(10, 'x') + "y");
  EXPECT_TRUE(pool.room(buffer, 262'144).empty()) << "more than a buffer can hold";
  EXPECT_EQ(buffer.size(), 11U);
}

}  // namespace
}  // namespace weft::os
