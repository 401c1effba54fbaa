// Shared ownership within one thread.
#include "base/local_ptr.h"

#include <memory>
#include <utility>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

class Counted final : public LocalShared {
 public:
  explicit Counted(int& alive) noexcept : alive_(alive) { ++alive_; }

  ~Counted() { --alive_; }

  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int& alive_;
};

TEST(LocalPtr, FreesWithTheLastOwner) {
  int alive = 0;
  LocalPtr<Counted> first(std::make_unique<Counted>(alive));
  LocalPtr<Counted> second = first;
  LocalPtr<Counted> third(std::move(first));
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): a moved one owns nothing.
  EXPECT_EQ(second.get(), third.get());
  second = LocalPtr<Counted>(std::make_unique<Counted>(alive));
  EXPECT_EQ(alive, 2);
  third = {};
  EXPECT_EQ(alive, 1);
  second = std::as_const(second);
  EXPECT_EQ(alive, 1);
  second = {};
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace weft::base
