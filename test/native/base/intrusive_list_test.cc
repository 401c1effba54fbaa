// The intrusive list: order, removal from anywhere, elements and lists that die first, two lists at
// once.
#include "base/intrusive_list.h"

#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

struct Item : ListNode<struct FirstTag>, ListNode<struct SecondTag> {
  explicit Item(int itemNumber) : number(itemNumber) {}

  int number;
};

using FirstNode = ListNode<struct FirstTag>;
using First = IntrusiveList<Item, struct FirstTag>;
using Second = IntrusiveList<Item, struct SecondTag>;

std::vector<int> numbersOf(First& list) {
  std::vector<int> numbers;
  for (Item* item = list.front(); item != nullptr; item = list.next(*item)) {
    numbers.push_back(item->number);
  }
  return numbers;
}

class IntrusiveListTest : public testing::Test {
 protected:
  First list_;
  std::optional<Item> one_{1};
  std::optional<Item> two_{2};
  std::optional<Item> three_{3};

  void fill() {
    list_.pushBack(*one_);
    list_.pushBack(*two_);
    list_.pushBack(*three_);
  }
};

TEST_F(IntrusiveListTest, IsEmptyAtFirst) {
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(list_.front(), nullptr);
  EXPECT_EQ(list_.popFront(), nullptr);
}

TEST_F(IntrusiveListTest, KeepsTheOrderOfPushing) {
  fill();
  EXPECT_EQ(numbersOf(list_), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(list_.popFront(), &*one_);
  EXPECT_FALSE(one_->FirstNode::linked());
  EXPECT_EQ(numbersOf(list_), (std::vector<int>{2, 3}));
}

TEST_F(IntrusiveListTest, LetsAnElementGoFromAnywhere) {
  fill();
  two_->FirstNode::unlink();
  EXPECT_EQ(numbersOf(list_), (std::vector<int>{1, 3}));
  two_->FirstNode::unlink();
  three_->FirstNode::unlink();
  one_->FirstNode::unlink();
  EXPECT_TRUE(list_.empty());
  list_.pushBack(*two_);
  EXPECT_EQ(numbersOf(list_), (std::vector<int>{2}));
}

TEST_F(IntrusiveListTest, LosesAnElementThatDies) {
  fill();
  one_.reset();
  EXPECT_EQ(numbersOf(list_), (std::vector<int>{2, 3}));
  three_.reset();
  two_.reset();
  EXPECT_TRUE(list_.empty());
}

TEST_F(IntrusiveListTest, LeavesItsElementsUnlinkedWhenItDies) {
  {
    First shortLived;
    shortLived.pushBack(*one_);
    shortLived.pushBack(*two_);
  }
  EXPECT_FALSE(one_->FirstNode::linked());
  fill();
  EXPECT_EQ(numbersOf(list_), (std::vector<int>{1, 2, 3}));
}

TEST_F(IntrusiveListTest, HasAnElementInTwoListsOfDifferentTags) {
  Second second;
  fill();
  second.pushBack(*three_);
  second.pushBack(*one_);
  EXPECT_EQ(second.popFront(), &*three_);
  EXPECT_EQ(numbersOf(list_), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(second.front(), &*one_);
}

TEST_F(IntrusiveListTest, TakesAllOfAnotherListBehindItsOwn) {
  First other;
  list_.pushBack(*one_);
  other.pushBack(*two_);
  other.pushBack(*three_);
  list_.takeAll(other);
  EXPECT_TRUE(other.empty());
  EXPECT_EQ(numbersOf(list_), (std::vector<int>{1, 2, 3}));

  list_.takeAll(other);
  EXPECT_EQ(numbersOf(list_), (std::vector<int>{1, 2, 3})) << "nothing from an empty one";

  other.takeAll(list_);
  EXPECT_EQ(numbersOf(other), (std::vector<int>{1, 2, 3})) << "into an empty one";
  EXPECT_TRUE(list_.empty());
  while (other.popFront() != nullptr) {
  }
}

}  // namespace
}  // namespace weft::base
