#include "os/heap.h"

#include <cstddef>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include "support/sanitizers.h"

namespace weft::os {
namespace {

std::size_t residentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(Heap, GivesBackWhatIsFreeBelowWhatIsNot) {
  if (test::kSanitizer) {
    GTEST_SKIP() << "a sanitizer has a heap of its own";
  }
  constexpr std::size_t kBlocks = 2000;
  constexpr std::size_t kBlockBytes = 8000;
  std::vector<std::unique_ptr<std::byte[]>> blocks;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    blocks.push_back(std::make_unique<std::byte[]>(kBlockBytes));
  }
  const auto last = std::move(blocks.back());
  blocks.clear();
  const std::size_t before = residentBytes();
  EXPECT_TRUE(trimHeap());
  EXPECT_LT(residentBytes() + kBlocks * kBlockBytes / 2, before);
}

}  // namespace
}  // namespace weft::os
