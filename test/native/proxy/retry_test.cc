// When a request may be tried again, how long to wait, and how many requests come in a while.
#include "proxy/retry.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/backend_turns.h"
#include "proxy/rate_gate.h"
#include "upstream/retry_budget.h"

namespace weft::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

base::TimePoint at(base::Duration time) {
  return base::TimePoint{} + std::chrono::hours(1) + time;
}

TEST(Retry, KnowsItsStatuses) {
  const snapshot::Retry retry{.statuses = {502, 503, 504}};
  EXPECT_TRUE(retriesStatus(retry, 503));
  EXPECT_FALSE(retriesStatus(retry, 500));
  EXPECT_FALSE(retriesStatus({}, 503));
}

TEST(Retry, WaitsLongerEachTimeWithinItsBounds) {
  const snapshot::Retry retry{.backoffMin = milliseconds(25), .backoffMax = milliseconds(250)};
  base::Random random(1);
  for (std::uint32_t attempt = 1; attempt < 40; ++attempt) {
    const base::Duration most = attempt < 4 ? milliseconds(25 * (1 << attempt)) : milliseconds(250);
    base::Duration longest{};
    for (int i = 0; i < 200; ++i) {
      const base::Duration delay = backoff(retry, attempt, random);
      EXPECT_GE(delay, retry.backoffMin);
      EXPECT_LE(delay, most);
      longest = std::max(longest, delay);
    }
    EXPECT_GT(longest, retry.backoffMin + (most - retry.backoffMin) * 8 / 10);
  }
}

std::optional<base::Duration> asked(const std::string& value) {
  const std::string text = "Retry-After" + value;
  const std::vector<codec::H1Field> fields = {
      {.nameAt = 0,
       .valueAt = 11,
       .valueBytes = static_cast<std::uint32_t>(value.size()),
       .nameBytes = 11}};
  return retryAfter({text, fields});
}

TEST(Retry, ReadsRetryAfter) {
  EXPECT_EQ(asked("0"), base::Duration::zero());
  EXPECT_EQ(asked("120"), seconds(120));
  for (const std::string value :
       {"", "1.5", "-1", "1 ", "Fri, 31 Dec 1999 23:59:59 GMT", "99999999999999999999"}) {
    EXPECT_EQ(asked(value), std::nullopt) << value;
  }
  EXPECT_EQ(retryAfter({{}, {}}), std::nullopt);
}

TEST(RetryBudget, IsAShareOfRequestsAndSomeInAnyCase) {
  upstream::RetryBudget budget;
  const upstream::RetryBudget::Settings settings{.sharePercent = 20, .perSecondMin = 1};
  const auto taken = [&](base::Duration time) {
    int count = 0;
    while (count < 1'000 && budget.takeRetry(at(time), settings)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(taken(seconds(0)), 10) << "one for each second of the window";
  for (int i = 0; i < 100; ++i) {
    budget.countRequest(at(seconds(1)));
  }
  EXPECT_EQ(taken(seconds(1)), 20);
  EXPECT_EQ(taken(seconds(9)), 0);
  EXPECT_EQ(taken(seconds(10)), 10) << "those of the first second have left";
  EXPECT_EQ(taken(seconds(11)), 0) << "and so have the requests";
  EXPECT_EQ(taken(seconds(60)), 10);
}

TEST(RateGate, LetsABurstThroughAndThenTheRate) {
  RateGate gate;
  const auto entered = [&](base::Duration time) {
    return gate.enter(at(time), milliseconds(100), milliseconds(200));
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(entered(milliseconds(0)), base::Duration::zero());
  }
  EXPECT_EQ(entered(milliseconds(0)), milliseconds(100));
  EXPECT_EQ(entered(milliseconds(40)), milliseconds(60));
  EXPECT_EQ(entered(milliseconds(100)), base::Duration::zero());
  EXPECT_GT(entered(milliseconds(100)), base::Duration::zero());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(entered(seconds(10)), base::Duration::zero());
  }
  EXPECT_GT(entered(seconds(10)), base::Duration::zero())
      << "a pause saves up no more than a burst";
}

TEST(BackendTurns, AreExactOverAllWeights) {
  struct Backend {
    std::uint32_t weight;
    int taken = 0;
  };

  std::vector<Backend> backends{{90}, {9}, {1}};
  BackendTurns turns;
  turns.reset(backends.size());
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 100; ++i) {
      const Backend& next = turns.next(backends);
      ++backends.at(static_cast<std::size_t>(&next - backends.data())).taken;
    }
    EXPECT_EQ(backends[0].taken, 90 * round);
    EXPECT_EQ(backends[1].taken, 9 * round);
    EXPECT_EQ(backends[2].taken, round);
  }
}

}  // namespace
}  // namespace weft::proxy
