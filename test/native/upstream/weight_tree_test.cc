// The weight tree and the index heap: the same answers as a search, for every size and through many
// changes.
#include "upstream/weight_tree.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "upstream/index_heap.h"

namespace weft::upstream {
namespace {

std::uint32_t search(const std::vector<std::uint32_t>& weights, std::uint64_t target) {
  std::uint32_t index = 0;
  while (target >= weights.at(index)) {
    target -= weights[index++];
  }
  return index;
}

TEST(WeightTreeTest, FindsWhatASearchFindsForEverySize) {
  base::Random random(1);
  for (std::size_t count = 1; count <= 70; ++count) {
    std::vector<std::uint32_t> weights(count);
    WeightTree tree;
    tree.reset(count);
    std::uint64_t total = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      weights[i] = random.below(4);
      tree.set(i, weights[i]);
      total += weights[i];
    }
    ASSERT_EQ(tree.total(), total);
    for (std::uint64_t target = 0; target < total; ++target) {
      ASSERT_EQ(tree.find(target), search(weights, target)) << count << " at " << target;
    }
  }
}

TEST(WeightTreeTest, FollowsChanges) {
  base::Random random(2);
  std::vector<std::uint32_t> weights(100);
  WeightTree tree;
  tree.reset(100);
  for (int i = 0; i < 5000; ++i) {
    const std::uint32_t index = random.below(100);
    weights[index] = random.below(2) == 0 ? 0 : random.below(65536);
    tree.set(index, weights[index]);
    ASSERT_EQ(tree.get(index), weights[index]);
    if (tree.total() > 0) {
      const std::uint64_t target = random.next() % tree.total();
      ASSERT_EQ(tree.find(target), search(weights, target));
      ASSERT_GT(weights[tree.draw(random)], 0U);
    }
  }
}

TEST(WeightTreeTest, HoldsTheLargestSum) {
  WeightTree tree;
  tree.reset(100'000);
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    tree.set(i, 65535);
  }
  EXPECT_EQ(tree.total(), 6'553'500'000U);
  EXPECT_EQ(tree.find(tree.total() - 1), 99'999U);
  tree.reset(3);
  EXPECT_EQ(tree.total(), 0U);
}

struct ByKey {
  const std::vector<std::uint32_t>& keys;

  bool operator()(std::uint32_t left, std::uint32_t right) const {
    return keys[left] < keys[right];
  }
};

TEST(IndexHeapTest, GivesTheSmallestKeyThroughManyChanges) {
  constexpr std::uint32_t kCount = 50;
  base::Random random(3);
  std::vector<std::uint32_t> keys(kCount);
  std::vector<bool> inside(kCount);
  IndexHeap<ByKey> heap(ByKey{keys});
  heap.reset(kCount);
  for (int i = 0; i < 50'000; ++i) {
    const std::uint32_t index = random.below(kCount);
    ASSERT_EQ(heap.contains(index), inside[index]);
    if (!inside[index]) {
      keys[index] = random.below(1000);
      heap.push(index);
      inside[index] = true;
    } else if (random.below(2) == 0) {
      heap.remove(index);
      inside[index] = false;
    } else {
      keys[index] = random.below(1000);
      heap.update(index);
    }
    std::optional<std::uint32_t> smallest;
    for (std::uint32_t k = 0; k < kCount; ++k) {
      if (inside[k]) {
        smallest = std::min(smallest.value_or(UINT32_MAX), keys[k]);
      }
    }
    ASSERT_EQ(heap.empty(), !smallest.has_value());
    if (smallest) {
      ASSERT_EQ(keys[heap.top()], *smallest);
    }
  }
}

}  // namespace
}  // namespace weft::upstream
