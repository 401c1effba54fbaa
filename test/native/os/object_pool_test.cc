// Pools of blocks and objects: what is taken is there, what is given is used again, and empty
// chunks go back to the kernel.
#include "os/object_pool.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "support/sanitizers.h"

namespace weft::os {
namespace {

constexpr std::size_t kBlockBytes = 160;

/// Private memory of the process that was written to, in bytes.
std::size_t privateDirtyBytes() {
  std::ifstream file("/proc/self/smaps_rollup");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("Private_Dirty:")) {
      return std::stoul(line.substr(line.find_first_of("0123456789"))) * 1024;
    }
  }
  ADD_FAILURE() << "no Private_Dirty in smaps_rollup";
  return 0;
}

TEST(BlockPoolTest, GivesDistinctAlignedBlocks) {
  BlockPool pool(kBlockBytes);
  std::set<void*> blocks;
  for (int i = 0; i < 2000; ++i) {
    void* block = pool.take();
    ASSERT_NE(block, nullptr);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0U);
    std::memset(block, i & 0xff, kBlockBytes);
    ASSERT_TRUE(blocks.insert(block).second);
  }
  EXPECT_EQ(pool.takenCount(), 2000U);
  for (void* block : blocks) {
    pool.give(block);
  }
  EXPECT_EQ(pool.takenCount(), 0U);
}

TEST(BlockPoolTest, KeepsContentsApartInAnyOrderOfTakingAndGiving) {
  base::Random random(3);
  BlockPool pool(kBlockBytes);
  std::vector<std::pair<unsigned char*, unsigned char>> taken;
  for (int step = 0; step < 50'000; ++step) {
    if (taken.empty() || random.below(100) < 52) {
      const auto mark = static_cast<unsigned char>(random.below(256));
      auto* block = static_cast<unsigned char*>(pool.take());
      std::memset(block, mark, kBlockBytes);
      taken.emplace_back(block, mark);
    } else {
      const std::size_t index = random.below(static_cast<std::uint32_t>(taken.size()));
      std::swap(taken[index], taken.back());
      const auto [block, mark] = taken.back();
      ASSERT_EQ(block[0], mark);
      ASSERT_EQ(block[kBlockBytes - 1], mark);
      pool.give(block);
      taken.pop_back();
    }
  }
  for (const auto& [block, mark] : taken) {
    ASSERT_EQ(block[0], mark);
    pool.give(block);
  }
}

TEST(BlockPoolTest, UsesABlockAgainInsteadOfNewMemory) {
  if (test::kAddressSanitizer) {
    GTEST_SKIP() << "each block is an allocation of its own there";
  }
  BlockPool pool(kBlockBytes);
  void* first = pool.take();
  void* second = pool.take();
  pool.give(first);
  EXPECT_EQ(pool.take(), first);
  pool.give(first);
  pool.give(second);
}

TEST(BlockPoolTest, GivesMemoryBackToTheKernel) {
  if (test::kSanitizer) {
    GTEST_SKIP() << "the sanitizer's own memory hides it";
  }
  constexpr std::size_t kCount = 50'000;
  std::vector<void*> blocks(kCount, nullptr);
  BlockPool pool(kBlockBytes);
  const std::size_t before = privateDirtyBytes();
  for (void*& block : blocks) {
    block = pool.take();
    std::memset(block, 1, kBlockBytes);
  }
  const std::size_t full = privateDirtyBytes();
  EXPECT_GE(full - before, kCount * kBlockBytes);
  EXPECT_LE(full - before, kCount * (kBlockBytes + 16)) << "a chunk wastes little";
  for (void* block : blocks) {
    pool.give(block);
  }
  EXPECT_LE(privateDirtyBytes(), before + 2 * BlockPool::kChunkBytes) << "one chunk is kept";
  pool.trim();
  EXPECT_LE(privateDirtyBytes(), before + BlockPool::kChunkBytes);
}

TEST(BlockPoolTest, WorksOnAfterATrim) {
  BlockPool pool(kBlockBytes);
  pool.give(pool.take());
  pool.trim();
  pool.trim();
  void* block = pool.take();
  ASSERT_NE(block, nullptr);
  pool.trim();
  std::memset(block, 7, kBlockBytes);
  pool.give(block);
}

TEST(BlockPoolTest, HasBlocksUpToAQuarterOfItsChunk) {
  constexpr std::size_t kChunk = std::size_t{256} * 1024;
  BlockPool pool(kChunk / 4, kChunk);
  std::vector<void*> blocks;
  for (int i = 0; i < 20; ++i) {
    blocks.push_back(pool.take());
    std::memset(blocks.back(), i, kChunk / 4);
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(static_cast<unsigned char*>(blocks.at(static_cast<std::size_t>(i)))[100], i);
    pool.give(blocks.at(static_cast<std::size_t>(i)));
  }
}

struct Counted {
  explicit Counted(int& liveCount) : live(liveCount) { ++live; }

  ~Counted() { --live; }

  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  int& live;
  std::array<char, 100> ballast{};
};

TEST(ObjectPoolTest, ConstructsAndDestroys) {
  int live = 0;
  ObjectPool<Counted> pool;
  Counted* made = pool.make(live);
  ASSERT_NE(made, nullptr);
  {
    const PoolPtr<Counted> owned = pool.makeOwned(live);
    EXPECT_EQ(live, 2);
    EXPECT_EQ(pool.liveCount(), 2U);
  }
  EXPECT_EQ(live, 1);
  pool.destroy(made);
  EXPECT_EQ(live, 0);
  EXPECT_EQ(pool.liveCount(), 0U);
}

}  // namespace
}  // namespace weft::os
