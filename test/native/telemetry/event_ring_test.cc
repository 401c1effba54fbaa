// The event ring: order, wrapping, a full ring, the wake-up protocol, and a writer and a reader at
// once.
#include "telemetry/event_ring.h"

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "support/decoded_event.h"

namespace weft::telemetry {
namespace {

constexpr std::size_t kSmallest = 2 * kEventBytesMax;

/// Number i and a field of `length` letters that follow from i.
class Sample {
 public:
  Sample(std::uint64_t i, std::size_t length)
      : numbers_{i}, text_(length, static_cast<char>('a' + i % 26)), fields_{text_} {}

  [[nodiscard]] Event event() const {
    return {
        .kind = EventKind::ConnectionClosed, .wallUs = 1, .numbers = numbers_, .fields = fields_};
  }

 private:
  std::array<std::uint64_t, 1> numbers_;
  std::string text_;
  std::array<std::string_view, 1> fields_;
};

EventRing::Push push(EventRing& ring, std::uint64_t i, std::size_t length) {
  return ring.push(Sample(i, length).event());
}

std::vector<DecodedEvent> decodeAll(base::Bytes bytes) {
  std::vector<DecodedEvent> events;
  while (!bytes.empty()) {
    events.push_back(decodeEvent(bytes));
    bytes = bytes.subspan(events.back().size);
  }
  return events;
}

std::vector<DecodedEvent> drainAll(EventRing& ring) {
  std::vector<DecodedEvent> all;
  std::array<std::byte, kEventBytesMax> batch{};
  while (const std::size_t size = ring.drain(batch)) {
    for (DecodedEvent& event : decodeAll(std::span(batch).first(size))) {
      all.push_back(std::move(event));
    }
  }
  return all;
}

TEST(EventRingTest, GivesBackRecordsInOrderThroughManyTurnsOfTheRing) {
  EventRing ring(kSmallest);
  base::Random random(1);
  std::uint64_t next = 0;
  std::uint64_t expected = 0;
  for (int round = 0; round < 500; ++round) {
    while (push(ring, next, random.below(1500)) != EventRing::Push::Dropped) {
      ++next;
    }
    for (const DecodedEvent& event : drainAll(ring)) {
      ASSERT_EQ(event.numbers.at(0), expected);
      ASSERT_EQ(event.fields.at(0),
                std::string(event.fields.at(0).size(), static_cast<char>('a' + expected % 26)));
      ++expected;
    }
    ASSERT_EQ(expected, next);
  }
  EXPECT_GT(next, 2000U);
}

TEST(EventRingTest, DropsWhatDoesNotFitAndGoesOnAfterRoomWasMade) {
  EventRing ring(kSmallest);
  // A record of 1024 bytes: 16 header, 8 number, 2 length.
  const std::size_t length = 1024 - 26;
  for (std::uint64_t i = 0; i < kSmallest / 1024; ++i) {
    ASSERT_NE(push(ring, i, length), EventRing::Push::Dropped);
  }
  EXPECT_EQ(push(ring, 100, 0), EventRing::Push::Dropped);

  std::array<std::byte, kEventBytesMax> batch{};
  EXPECT_EQ(ring.drain(batch), kEventBytesMax);
  EXPECT_NE(push(ring, 101, 0), EventRing::Push::Dropped);
  EXPECT_EQ(drainAll(ring).back().numbers.at(0), 101U);
}

TEST(EventRingTest, DrainsWholeRecordsOnly) {
  EventRing ring(kSmallest);
  ASSERT_NE(push(ring, 0, 3000), EventRing::Push::Dropped);
  ASSERT_NE(push(ring, 1, 3000), EventRing::Push::Dropped);
  std::array<std::byte, kEventBytesMax> batch{};
  const std::size_t size = ring.drain(batch);
  EXPECT_EQ(decodeAll(std::span(batch).first(size)).size(), 1U);
  EXPECT_EQ(drainAll(ring).size(), 1U);
}

TEST(EventRingTest, AsksForAWakeUpOnceUntilItWasDrainedEmpty) {
  EventRing ring(kSmallest);
  EXPECT_EQ(push(ring, 0, 1), EventRing::Push::StoredWakeReader);
  EXPECT_EQ(push(ring, 1, 1), EventRing::Push::Stored);

  std::array<std::byte, kEventBytesMax> batch{};
  EXPECT_GT(ring.drain(batch), 0U);
  EXPECT_EQ(push(ring, 2, 1), EventRing::Push::Stored) << "the reader has not seen it empty";
  EXPECT_GT(ring.drain(batch), 0U);
  EXPECT_EQ(ring.drain(batch), 0U);
  EXPECT_EQ(push(ring, 3, 1), EventRing::Push::StoredWakeReader);
}

TEST(EventRingDeathTest, RefusesASizeThatIsNoPowerOfTwoOrTooSmall) {
  EXPECT_DEATH(EventRing(kSmallest + 8), "internal check failed");
  EXPECT_DEATH(EventRing{kEventBytesMax}, "internal check failed");
}

/// A reader that sleeps until it is woken, as the JavaScript thread does.
class SleepingReader {
 public:
  explicit SleepingReader(EventRing& ring) : ring_(ring), thread_([this] { run(); }) {}

  void wake() {
    wakeUps_.fetch_add(1);
    wakeUps_.notify_one();
  }

  /// Returns what was read once the writer has ended.
  const std::vector<std::uint64_t>& finish() {
    finished_.store(true);
    wake();
    thread_.join();
    return seen_;
  }

 private:
  void run() {
    std::uint32_t handled = 0;
    while (true) {
      wakeUps_.wait(handled);
      handled = wakeUps_.load();
      const bool last = finished_.load();
      for (const DecodedEvent& event : drainAll(ring_)) {
        const std::size_t whole = event.numbers.at(1);
        const std::size_t kept = event.fields.at(0).size();
        EXPECT_TRUE(event.cutMask == 0 ? kept == whole : kept < whole);
        EXPECT_EQ(event.fields.at(0),
                  std::string(kept, static_cast<char>('a' + event.numbers[0] % 26)));
        seen_.push_back(event.numbers[0]);
      }
      if (last) {
        return;
      }
    }
  }

  EventRing& ring_;
  std::atomic<std::uint32_t> wakeUps_{0};
  std::atomic<bool> finished_{false};
  std::vector<std::uint64_t> seen_;
  std::thread thread_;
};

TEST(EventRingTest, LosesNothingThatItStoredBetweenTwoThreads) {
  EventRing ring(kSmallest);
  SleepingReader reader(ring);
  base::Random random(7);
  std::vector<std::uint64_t> stored;
  for (std::uint64_t i = 0; stored.size() < 20'000; ++i) {
    // Mostly small, sometimes longer than a record can be.
    const std::size_t length = random.below(50) == 0 ? random.below(6000) : random.below(200);
    const std::array<std::uint64_t, 2> numbers = {i, length};
    const std::string text(length, static_cast<char>('a' + i % 26));
    const std::array<std::string_view, 1> fields = {text};
    switch (ring.push(
        {.kind = EventKind::ConnectionClosed, .wallUs = i, .numbers = numbers, .fields = fields})) {
      case EventRing::Push::StoredWakeReader:
        reader.wake();
        [[fallthrough]];
      case EventRing::Push::Stored:
        stored.push_back(i);
        break;
      case EventRing::Push::Dropped:
        std::this_thread::yield();
        break;
    }
  }
  EXPECT_EQ(reader.finish(), stored);
}

TEST(EventRingTest, NeverLosesTheWakeUpForASingleRecord) {
  EventRing ring(kSmallest);
  std::atomic<std::uint32_t> wakeUps{0};
  std::atomic<std::uint64_t> seen{0};
  constexpr std::uint64_t kCount = 50'000;
  std::thread reader([&] {
    std::uint32_t handled = 0;
    std::array<std::byte, kEventBytesMax> batch{};
    base::Random random(1);
    std::atomic<std::uint32_t> spins{0};
    while (seen.load() < kCount) {
      wakeUps.wait(handled);
      handled = wakeUps.load();
      while (const std::size_t size = ring.drain(batch)) {
        // The writer's next record comes about when the ring is found empty: a little before it, or
        // after it, or in between, which is the moment that this is about.
        seen.fetch_add(decodeAll(std::span(batch).first(size)).size());
        for (std::uint32_t spin = random.below(1000); spin > 0; --spin) {
          spins.store(spin, std::memory_order_relaxed);
        }
      }
    }
  });
  // One at a time: a lost wake-up would leave both sides waiting, and the test's timeout says so.
  for (std::uint64_t i = 0; i < kCount; ++i) {
    if (push(ring, i, 3) == EventRing::Push::StoredWakeReader) {
      wakeUps.fetch_add(1);
      wakeUps.notify_one();
    }
    while (seen.load() < i + 1) {
      std::this_thread::yield();
    }
  }
  reader.join();
  EXPECT_EQ(seen.load(), kCount);
}

}  // namespace
}  // namespace weft::telemetry
