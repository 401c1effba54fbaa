// The table of cell runs: what the directory says, overflow, release, and a reader that looks at
// any time.
#include "telemetry/cell_table.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weft::telemetry {
namespace {

constexpr std::size_t kOverflowSlots = kRunKindCount;

RunKey endpointKey(std::uint32_t endpoint) {
  return {.kind = RunKind::EndpointTcp, .ids = {1, 7, endpoint}};
}

class CellTableTest : public testing::Test {
 protected:
  CellTableTest() : CellTableTest(4, 4) {}

  /// Room for that many slots beyond the overflow runs, and endpoint runs.
  CellTableTest(std::size_t slots, std::size_t endpointRuns)
      : cells_(CellTable::cellCountMin() + endpointRuns * EndpointTcpCell::kCount),
        directory_(kOverflowSlots + slots),
        table_(cells_, directory_) {}

  /// Sum of one cell over what the directory calls an overflow run of that kind.
  [[nodiscard]] std::uint64_t overflowed(RunKind kind, std::size_t cell) const {
    const DirectorySlot& slot = directory_[static_cast<std::size_t>(kind)];
    EXPECT_EQ(slot.kind, static_cast<std::uint16_t>(RunKind::Overflow));
    EXPECT_EQ(slot.ids[0], static_cast<std::uint32_t>(kind));
    return cells_.at(slot.firstCell + cell);
  }

  std::vector<std::uint64_t> cells_;
  std::vector<DirectorySlot> directory_;
  CellTable table_;
};

TEST_F(CellTableTest, BeginsWithTheWorkersCellsAndOneOverflowRunOfEachKind) {
  table_.worker().add(WorkerCell::DrainingNow, 9);
  EXPECT_EQ(cells_[kWorkerCellCount - 1], 9U);
  std::size_t firstCell = kWorkerCellCount;
  for (std::size_t kind = 0; kind < kRunKindCount; ++kind) {
    const DirectorySlot& slot = directory_[kind];
    EXPECT_EQ(slot.generation, 1U);
    EXPECT_EQ(slot.kind, static_cast<std::uint16_t>(RunKind::Overflow));
    EXPECT_EQ(slot.ids[0], kind);
    EXPECT_EQ(slot.firstCell, firstCell);
    EXPECT_EQ(slot.cellCount, runCellCount(static_cast<RunKind>(kind)));
    firstCell += slot.cellCount;
  }
  EXPECT_EQ(firstCell, CellTable::cellCountMin());
  EXPECT_EQ(directory_[kOverflowSlots].generation, 0U) << "the rest is free";
}

TEST_F(CellTableTest, AnnouncesANewRunAndGivesItAgainForTheSameKey) {
  Cells run = table_.run(endpointKey(3));
  run.add(EndpointTcpCell::kOpens, 2);
  table_.run(endpointKey(3)).add(EndpointTcpCell::kOpens, 3);

  const DirectorySlot& slot = directory_[kOverflowSlots];
  EXPECT_EQ(slot.generation, 1U);
  EXPECT_EQ(slot.kind, static_cast<std::uint16_t>(RunKind::EndpointTcp));
  EXPECT_EQ(slot.cellCount, EndpointTcpCell::kCount);
  EXPECT_EQ(slot.ids, (std::array<std::uint32_t, 5>{1, 7, 3, 0, 0}));
  EXPECT_EQ(slot.textLength, 0U);
  EXPECT_EQ(cells_.at(slot.firstCell + EndpointTcpCell::kOpens), 5U);
  EXPECT_EQ(directory_[kOverflowSlots + 1].generation, 0U);
}

TEST_F(CellTableTest, KeepsRunsOfDifferentKeysApart) {
  table_.run(endpointKey(1)).add(0, 1);
  table_.run(endpointKey(2)).add(0, 2);
  table_.run({.kind = RunKind::EndpointTcp, .ids = {0, 7, 1}}).add(0, 4);
  EXPECT_EQ(cells_.at(directory_[kOverflowSlots].firstCell), 1U);
  EXPECT_EQ(cells_.at(directory_[kOverflowSlots + 1].firstCell), 2U);
  EXPECT_EQ(cells_.at(directory_[kOverflowSlots + 2].firstCell), 4U);
}

TEST_F(CellTableTest, CountsIntoTheOverflowRunWhenSlotsRunOut) {
  for (std::uint32_t endpoint = 0; endpoint < 6; ++endpoint) {
    table_.run(endpointKey(endpoint)).add(EndpointTcpCell::kOpens, 1);
  }
  EXPECT_EQ(overflowed(RunKind::EndpointTcp, EndpointTcpCell::kOpens), 2U);
  EXPECT_EQ(table_.worker().get(WorkerCell::RunsOverflowed), 2U);
}

class FewCellsTest : public CellTableTest {
 protected:
  FewCellsTest() : CellTableTest(10, 1) {}
};

TEST_F(FewCellsTest, CountsIntoTheOverflowRunOfItsKindWhenCellsRunOut) {
  table_.run(endpointKey(0)).add(EndpointTcpCell::kOpens, 1);
  table_.run(endpointKey(1)).add(EndpointTcpCell::kOpens, 1);
  table_.run({.kind = RunKind::ListenerTcp, .ids = {4, 1}}).add(ListenerTcpCell::kCloses + 3, 5);
  EXPECT_EQ(overflowed(RunKind::EndpointTcp, EndpointTcpCell::kOpens), 1U);
  EXPECT_EQ(overflowed(RunKind::ListenerTcp, ListenerTcpCell::kCloses + 3), 5U);
}

TEST_F(FewCellsTest, GivesARunToAKeyThatOverflowedOnceRoomIsFree) {
  static_cast<void>(table_.run(endpointKey(0)));
  static_cast<void>(table_.run(endpointKey(1)));
  ASSERT_TRUE(table_.release(kOverflowSlots, 1));
  table_.run(endpointKey(1)).add(EndpointTcpCell::kOpens, 7);
  EXPECT_EQ(directory_[kOverflowSlots].ids[2], 1U);
  EXPECT_EQ(cells_.at(directory_[kOverflowSlots].firstCell), 7U);
  EXPECT_EQ(overflowed(RunKind::EndpointTcp, EndpointTcpCell::kOpens), 0U);
}

TEST_F(CellTableTest, StartsAReleasedRunAtZeroUnderANewGeneration) {
  table_.run(endpointKey(1)).add(EndpointTcpCell::kOpens, 42);
  ASSERT_TRUE(table_.release(kOverflowSlots, 1));
  EXPECT_EQ(directory_[kOverflowSlots].generation, 2U);

  static_cast<void>(table_.run(endpointKey(2)));
  EXPECT_EQ(directory_[kOverflowSlots].generation, 3U);
  EXPECT_EQ(cells_.at(directory_[kOverflowSlots].firstCell), 0U);
  // The old key has no run any more: it gets one of its own.
  table_.run(endpointKey(1)).add(EndpointTcpCell::kOpens, 1);
  EXPECT_EQ(cells_.at(directory_[kOverflowSlots].firstCell), 0U);
}

class ManyRunsTest : public CellTableTest {
 protected:
  static constexpr std::uint32_t kRuns = 300;

  ManyRunsTest() : CellTableTest(kRuns, kRuns) {}

  void countOnceForEach(std::uint64_t by) {
    for (std::uint32_t endpoint = 0; endpoint < kRuns; ++endpoint) {
      table_.run(endpointKey(endpoint)).add(EndpointTcpCell::kOpens, by);
    }
  }
};

TEST_F(ManyRunsTest, KeepsApartWhatIsAskedForInTurn) {
  for (int turn = 0; turn < 3; ++turn) {
    countOnceForEach(1);
    countOnceForEach(1);
  }
  for (std::uint32_t endpoint = 0; endpoint < kRuns; ++endpoint) {
    const DirectorySlot& slot = directory_[kOverflowSlots + endpoint];
    EXPECT_EQ(slot.ids[2], endpoint);
    EXPECT_EQ(cells_.at(slot.firstCell), 6U) << endpoint;
  }
}

TEST_F(ManyRunsTest, ForgetsAReleasedRunThatWasAskedForJustNow) {
  table_.run(endpointKey(1)).add(EndpointTcpCell::kOpens, 1);
  table_.run(endpointKey(1)).add(EndpointTcpCell::kOpens, 1);
  ASSERT_TRUE(table_.release(kOverflowSlots, 1));
  static_cast<void>(table_.run(endpointKey(2)));
  table_.run(endpointKey(1)).add(EndpointTcpCell::kOpens, 1);
  EXPECT_EQ(cells_.at(directory_[kOverflowSlots].firstCell), 0U) << "another's by now";
  EXPECT_EQ(directory_[kOverflowSlots + 1].ids[2], 1U);
}

TEST_F(CellTableTest, IgnoresAReleaseThatIsNotOfThePresentOwner) {
  static_cast<void>(table_.run(endpointKey(1)));
  EXPECT_FALSE(table_.release(kOverflowSlots, 3)) << "a generation that is not the present one";
  EXPECT_FALSE(table_.release(kOverflowSlots + 1, 0)) << "a free slot";
  EXPECT_FALSE(table_.release(1, 1)) << "an overflow run";
  EXPECT_FALSE(table_.release(1'000'000, 1)) << "no slot";
  ASSERT_TRUE(table_.release(kOverflowSlots, 1));
  EXPECT_FALSE(table_.release(kOverflowSlots, 1)) << "twice";
  EXPECT_FALSE(table_.release(kOverflowSlots, 2)) << "free by now";
}

TEST_F(CellTableTest, TellsTheKeyOfALiveSlotOnly) {
  static_cast<void>(table_.run(endpointKey(1)));
  EXPECT_EQ(table_.keyOf(kOverflowSlots), endpointKey(1));
  EXPECT_EQ(table_.keyOf(2).kind, RunKind::Overflow);
  EXPECT_EQ(table_.keyOf(kOverflowSlots + 1).kind, RunKind::Overflow);
  EXPECT_EQ(table_.keyOf(1'000'000).kind, RunKind::Overflow);
  ASSERT_TRUE(table_.release(kOverflowSlots, 1));
  EXPECT_EQ(table_.keyOf(kOverflowSlots).kind, RunKind::Overflow);
}

TEST(CellTableDeathTest, RefusesMemoryWithoutRoomForItsOwnRuns) {
  std::vector<std::uint64_t> cells(CellTable::cellCountMin() - 1);
  std::vector<DirectorySlot> directory(kRunKindCount);
  EXPECT_DEATH(CellTable(cells, directory), "internal check failed");
}

/// Reads a slot as lib/metrics/slab-reader.ts does; false when it changed meanwhile or is free.
bool readSlot(DirectorySlot& slot, RunKey& key, std::uint32_t& firstCell) {
  std::atomic_ref<std::uint32_t> generation(slot.generation);
  const std::uint32_t before = generation.load(std::memory_order_seq_cst);
  for (std::size_t i = 0; i < key.ids.size(); ++i) {
    key.ids[i] = std::atomic_ref<std::uint32_t>(slot.ids[i]).load(std::memory_order_seq_cst);
  }
  firstCell = std::atomic_ref<std::uint32_t>(slot.firstCell).load(std::memory_order_seq_cst);
  return before % 2 == 1 && generation.load(std::memory_order_seq_cst) == before;
}

TEST_F(CellTableTest, NeverShowsAReaderAHalfWrittenSlot) {
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> whole{0};
  std::thread reader([&] {
    while (!done.load()) {
      for (std::size_t i = kOverflowSlots; i < directory_.size(); ++i) {
        RunKey key;
        std::uint32_t firstCell = 0;
        if (readSlot(directory_[i], key, firstCell)) {
          whole.fetch_add(1);
          ASSERT_EQ(key.ids[1], key.ids[0] + 1);
          ASSERT_EQ(key.ids[4], key.ids[0] + 4);
        }
      }
    }
  });
  // Until the reader has seen enough, however the two threads are scheduled.
  for (std::uint32_t i = 0; i < 20'000 || whole.load() < 1000; ++i) {
    const RunKey key{.kind = RunKind::CloseErrno, .ids = {i, i + 1, i + 2, i + 3, i + 4}};
    table_.run(key).add(CloseErrnoCell::kCloses, 1);
    const std::uint32_t slot = kOverflowSlots;
    EXPECT_EQ(table_.keyOf(slot), key);
    if (i % 16 == 0) {
      std::this_thread::yield();
    }
    EXPECT_TRUE(table_.release(slot, directory_[slot].generation));
  }
  done.store(true);
  reader.join();
}

}  // namespace
}  // namespace weft::telemetry
