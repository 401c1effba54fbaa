// Result: holds a value or an error, moves what only moves, and never gives what it does not hold.
#include "base/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

constexpr Error kRefused{.text = "refused", .code = ErrorCode::Refused};

Result<std::string> textOrError(bool good) {
  if (good) {
    return std::string("value");
  }
  return kRefused;
}

Result<void> nothingOrError(bool good) {
  if (good) {
    return {};
  }
  return kRefused;
}

TEST(ResultTest, HoldsAValue) {
  Result<std::string> result = textOrError(true);
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(static_cast<bool>(result));
  result.value() += "!";
  EXPECT_EQ(result.value(), "value!");
  const Result<std::string>& constant = result;
  EXPECT_EQ(constant.value(), "value!");
}

TEST(ResultTest, HoldsAnError) {
  const Result<std::string> result = textOrError(false);
  EXPECT_FALSE(result.ok());
  EXPECT_FALSE(static_cast<bool>(result));
  EXPECT_EQ(result.error().code, ErrorCode::Refused);
}

TEST(ResultTest, MovesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
}

TEST(ResultTest, HoldsAnErrorAsAValueApartFromAnError) {
  const Result<bool> no = false;
  EXPECT_TRUE(no.ok()) << "the value false is not a failure";
  EXPECT_FALSE(no.value());
}

TEST(ResultTest, OfNothingIsOkOrAnError) {
  EXPECT_TRUE(nothingOrError(true).ok());
  EXPECT_TRUE(static_cast<bool>(nothingOrError(true)));
  EXPECT_FALSE(nothingOrError(false).ok());
  EXPECT_STREQ(nothingOrError(false).error().text, "refused");
}

TEST(ResultDeathTest, EndsTheProcessWhenAskedForWhatItDoesNotHold) {
  EXPECT_DEATH(static_cast<void>(textOrError(false).value()), "internal check failed");
  EXPECT_DEATH(static_cast<void>(textOrError(true).error()), "internal check failed");
  EXPECT_DEATH(static_cast<void>(nothingOrError(true).error()), "internal check failed");
}

}  // namespace
}  // namespace weft::base
