// The closed lists: a name for each number, none twice.
#include <set>
#include <span>

#include <gtest/gtest.h>

#include "telemetry/cell_table.h"
#include "telemetry/close_reason.h"
#include "telemetry/event.h"

namespace weft::telemetry {
namespace {

void expectDistinctNames(std::span<const std::string_view> names) {
  const std::set<std::string_view> distinct(names.begin(), names.end());
  EXPECT_EQ(distinct.size(), names.size());
  EXPECT_FALSE(distinct.contains(""));
}

TEST(ClosedListsTest, HaveADistinctNameForEachNumber) {
  expectDistinctNames(kCloseReasonNames);
  expectDistinctNames(kEventKindNames);
  expectDistinctNames(kWorkerCellNames);
  expectDistinctNames(kRunKindNames);
}

TEST(ClosedListsTest, NameTheFirstAndTheLastCloseReason) {
  EXPECT_EQ(closeReasonName(CloseReason::Finished), "finished");
  EXPECT_EQ(closeReasonName(CloseReason::Stopped), "stopped");
}

TEST(CellsTest, CountDownAndWrapOnlyAtTheirOwnSize) {
  std::array<std::uint64_t, 3> memory{};
  Cells cells(memory);
  cells.add(1, 5);
  cells.subtract(1, 2);
  cells.set(2, UINT64_MAX);
  cells.add(2, 2);
  EXPECT_EQ(memory, (std::array<std::uint64_t, 3>{0, 3, 1}));
  EXPECT_EQ(cells.sub(1, 2).get(0), 3U);
}

}  // namespace
}  // namespace weft::telemetry
