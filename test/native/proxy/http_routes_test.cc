// Requests that have a route: where they go, what changes on their way, what is answered here, what
// is tried again, and what takes too long.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "http_fixture.h"
#include "snapshot/route.h"
#include "upstream/connector.h"

namespace weft::test {
namespace {

using snapshot::HttpRule;
using std::chrono::milliseconds;
using std::chrono::seconds;

class HttpRoutesTest : public HttpTest {
 protected:
  static HttpRule toCluster(std::uint32_t number) {
    HttpRule rule;
    rule.backendRefs.push_back({.clusterId = base::ClusterId{number}});
    return rule;
  }

  void route(std::vector<HttpRule> rules) {
    world.config.setRoutes(1, std::move(rules));
    world.publish();
  }

  void get(std::string_view path, std::string_view fields = "") {
    ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: web:80\r\n" + std::string(fields) +
        "\r\n");
  }

  /// One more endpoint, of that cluster.
  Endpoint& addOther(std::uint32_t cluster) {
    return world.addEndpoint(2, addressOf("10.0.1.2:90"), cluster);
  }

  [[nodiscard]] bool answered(std::string_view start) {
    const std::string got = taken();
    return got.starts_with(start);
  }
};

TEST_P(HttpRoutesTest, WithoutAFittingRuleTheAnswerIs404) {
  HttpRule rule = toCluster(1);
  rule.hostnames = {"other"};
  route({rule});
  get("/");
  expectReply(404, CloseReason::NoRoute);
  EXPECT_EQ(upstreams(), 0U);
  get("/");
  expectReply(404, CloseReason::NoRoute);
  world.config.listener(1).httpUnrouted = snapshot::Unrouted::Forward;
  world.publish();
  get("/");
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
}

TEST_P(HttpRoutesTest, ARuleWithoutABackendIsAnError) {
  route({HttpRule{}});
  get("/");
  expectReply(500, CloseReason::NoBackend);
}

TEST_P(HttpRoutesTest, ChangesFieldsOnTheWay) {
  HttpRule rule = toCluster(1);
  rule.backendRefs[0].requestHeaders = {
      .set = {{"x-set", "new"}}, .add = {{"x-add", "two"}}, .remove = {"x-gone"}};
  rule.backendRefs[0].responseHeaders = {
      .set = {{"server", "weft"}}, .add = {}, .remove = {"x-secret"}};
  route({rule});
  get("/a", "X-Set: old\r\nX-Add: one\r\nX-Gone: 1\r\nx-set: older\r\nX-Kept: 1\r\n");
  EXPECT_EQ(forwarded(),
            "GET /a HTTP/1.1\r\nHost: web:80\r\nX-Add: one\r\nX-Kept: 1\r\n"
            "x-set: new\r\nx-add: two\r\n\r\n");
  answer("HTTP/1.1 200 OK\r\nX-Secret: 1\r\nServer: a\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(taken(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nserver: weft\r\n\r\nhi");
}

TEST_P(HttpRoutesTest, RewritesTheTarget) {
  HttpRule rule = toCluster(1);
  rule.matches.push_back({.path = {.value = "/api"}});
  rule.rewrite = snapshot::UrlRewrite{
      .hostname = "inside", .path = snapshot::PathRewrite{.prefixOnly = true, .value = "/v2"}};
  route({rule});
  get("/api/things?x=1");
  EXPECT_EQ(forwarded(), "GET /v2/things?x=1 HTTP/1.1\r\nhost: inside\r\n\r\n");
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
}

TEST_P(HttpRoutesTest, AnswersByItself) {
  HttpRule redirect;
  redirect.matches.push_back({.path = {.value = "/old"}});
  redirect.redirect = snapshot::Redirect{
      .scheme = "https", .path = snapshot::PathRewrite{.prefixOnly = true, .value = "/new"}};
  HttpRule direct;
  direct.directResponse =
      snapshot::DirectResponse{.status = 200, .contentType = "text/html", .body = "<p>hi"};
  route({redirect, direct});
  get("/old/a?b");
  EXPECT_EQ(taken(),
            "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: https://web/new/a?b\r\n\r\n");
  get("/else");
  EXPECT_EQ(taken(),
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\n<p>hi");
  ask("HEAD / HTTP/1.1\r\nHost: web\r\n\r\n");
  EXPECT_EQ(taken(), "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\n");
  EXPECT_EQ(upstreams(), 0U);
  client->finish();
  world.settle();
  expectOver(CloseReason::Finished);
}

TEST_P(HttpRoutesTest, LimitsTheRate) {
  HttpRule rule;
  rule.directResponse = snapshot::DirectResponse{.status = 204, .contentType = "", .body = ""};
  rule.rateLimit = snapshot::RateLimit{.interval = seconds(3), .burst = 2};
  route({rule});
  for (int round = 0; round < 2; ++round) {
    get("/");
    EXPECT_EQ(taken(), "HTTP/1.1 204 No Content\r\n\r\n");
  }
  get("/");
  const std::string refused = taken();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << refused;
  EXPECT_NE(refused.find("\r\nretry-after: 3\r\n"), std::string::npos) << refused;
  world.advance(seconds(3));
  get("/");
  EXPECT_TRUE(answered("HTTP/1.1 204"));
  // A publish that changes no route gives nobody another burst.
  world.publish();
  get("/");
  EXPECT_TRUE(answered("HTTP/1.1 429"));
}

TEST_P(HttpRoutesTest, FailsOnPurpose) {
  HttpRule rule = toCluster(1);
  rule.fault = snapshot::Fault{.abortStatus = 418, .abortShare = 1'000'000};
  route({rule});
  get("/");
  expectReply(418, CloseReason::FaultInjected);
}

TEST_P(HttpRoutesTest, WaitsOnPurpose) {
  HttpRule rule = toCluster(1);
  rule.fault = snapshot::Fault{.delay = milliseconds(500), .delayShare = 1'000'000};
  route({rule});
  ask("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(upstreams(), 0U);
  world.advance(milliseconds(520));
  EXPECT_EQ(forwarded(), "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhello");
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
}

TEST_P(HttpRoutesTest, AClusterStaysForARequestThatWaits) {
  addOther(2);
  HttpRule rule = toCluster(2);
  rule.fault = snapshot::Fault{.delay = seconds(5), .delayShare = 1'000'000};
  route({rule});
  get("/");
  world.config.listener(1).routeTable = nullptr;
  world.config.removeCluster(2);
  world.publish();
  world.advance(seconds(6));
  expectReply(503, CloseReason::NoEndpoint);
}

TEST_P(HttpRoutesTest, TheRestOfABodyComesAfterTheWait) {
  HttpRule rule = toCluster(1);
  rule.matches.push_back({.path = {.value = "/slow"}});
  rule.fault = snapshot::Fault{.delay = milliseconds(100), .delayShare = 1'000'000};
  route({rule, toCluster(1)});
  get("/");
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  const std::size_t before = forwarded().size();
  const std::string head = "POST /slow HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\n";
  ask(head + "01234");
  ask("56789");
  world.advance(milliseconds(150));
  EXPECT_EQ(upstreams(), 1U) << "the connection that was there";
  EXPECT_EQ(forwarded().substr(before), head + "0123456789");
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
}

TEST_P(HttpRoutesTest, SplitsExactlyByWeight) {
  Endpoint& other = addOther(2);
  HttpRule rule = toCluster(1);
  rule.backendRefs[0].weight = 3;
  rule.backendRefs.push_back({.clusterId = base::ClusterId{2}, .weight = 1});
  route({rule});
  int toOther = 0;
  for (int i = 0; i < 8; ++i) {
    const std::size_t before = other.count() == 0 ? 0 : other.last().received().size();
    get("/");
    const bool isOther = other.count() > 0 && other.last().received().size() > before;
    toOther += isOther ? 1 : 0;
    (isOther ? other : world.endpoint()).last().send(kOk);
    world.settle();
    EXPECT_EQ(taken(), kOk);
  }
  EXPECT_EQ(toOther, 2);
}

// ---- timeouts ----

TEST_P(HttpRoutesTest, AResponseThatDoesNotBeginInTimeIs504) {
  HttpRule rule = toCluster(1);
  rule.timeouts.request = seconds(1);
  route({rule});
  get("/");
  world.advance(milliseconds(900));
  EXPECT_EQ(taken(), "");
  world.advance(milliseconds(200));
  expectReply(504, CloseReason::ResponseTimeout);
  EXPECT_TRUE(world.endpoint().last().over()) << "nobody waits for it";
  get("/");
  answer(kOk);
  EXPECT_EQ(taken(), kOk) << "the connection goes on";
  world.advance(seconds(2));
  EXPECT_EQ(taken(), "");
}

TEST_P(HttpRoutesTest, AResponseThatDoesNotEndInTimeIsCut) {
  HttpRule rule = toCluster(1);
  rule.timeouts.request = seconds(1);
  route({rule});
  get("/");
  answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  world.advance(seconds(2));
  expectOver(CloseReason::ResponseTimeout);
}

TEST_P(HttpRoutesTest, TheHeadOfAResponseHasATimeoutOfItsOwn) {
  HttpRule rule = toCluster(1);
  rule.timeouts.responseHead = seconds(1);
  route({rule});
  get("/");
  answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  world.advance(seconds(5));
  answer("+half.");
  EXPECT_TRUE(answered("HTTP/1.1 200 OK"));
  ask("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 2\r\n\r\n");
  world.advance(seconds(5));
  EXPECT_EQ(taken(), "") << "the request has not ended";
  ask("ab");
  world.advance(seconds(2));
  expectReply(504, CloseReason::ResponseTimeout);
}

// ---- retries ----

class HttpRetryTest : public HttpRoutesTest {
 protected:
  HttpRetryTest() {
    rule_ = toCluster(1);
    rule_.retry = snapshot::Retry{.attemptsMax = 2,
                                  .statuses = {503},
                                  .onReset = true,
                                  .backoffMin = milliseconds(10),
                                  .backoffMax = milliseconds(40)};
  }

  static constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

  /// Long enough for any back-off.
  void later() { world.advance(milliseconds(60)); }

  /// So many endpoints in all.
  std::vector<Endpoint*> addUntil(std::uint32_t count) {
    std::vector<Endpoint*> endpoints{&world.endpoint()};
    while (endpoints.size() < count) {
      const auto number = static_cast<std::uint32_t>(endpoints.size() + 1);
      const std::string address = "10.0.1." + std::to_string(number) + ":90";
      endpoints.push_back(&world.addEndpoint(number, addressOf(address)));
    }
    return endpoints;
  }

  /// Of these, the one that was connected to; it is none of them any more.
  static Endpoint& takeAsked(std::vector<Endpoint*>& endpoints) {
    const auto found = std::ranges::find_if(endpoints, &Endpoint::count);
    Endpoint& asked = **found;
    endpoints.erase(found);
    return asked;
  }

  HttpRule rule_;
};

TEST_P(HttpRetryTest, AStatusIsTriedAgainUntilThereIsNoAttemptLeft) {
  route({rule_});
  get("/a");
  answer(kBusy);
  EXPECT_EQ(taken(), "");
  later();
  EXPECT_EQ(upstreams(), 2U);
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  get("/b");
  for (int attempt = 0; attempt < 3; ++attempt) {
    answer(kBusy);
    later();
  }
  EXPECT_EQ(taken(), kBusy) << "the last answer is passed on";
  expectNothingHeld();
}

TEST_P(HttpRetryTest, TheBodyGoesAgainOnceAndWhole) {
  rule_.retry->anyMethod = true;
  route({rule_});
  const std::string post = "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\n";
  ask(post + "01234");
  ask("56789");
  answer(kBusy);
  later();
  EXPECT_EQ(forwarded(), post + "0123456789");
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
}

TEST_P(HttpRetryTest, WhatMayNotBeDoneTwiceIsNot) {
  route({rule_});
  ask("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 2\r\n\r\nab");
  answer(kBusy);
  EXPECT_EQ(taken(), kBusy);
}

TEST_P(HttpRetryTest, ABodyThatIsTooLargeOrNotWholeIsNotSentAgain) {
  rule_.retry->anyMethod = true;
  route({rule_});
  ask("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 100000\r\n\r\n" + patternBytes(100'000));
  answer(kBusy);
  EXPECT_EQ(taken(), kBusy);
  ask("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 9\r\n\r\nab");
  answer(kBusy);
  EXPECT_TRUE(answered("HTTP/1.1 503"));
}

TEST_P(HttpRetryTest, ABodyThatWentThroughAPipeIsNotSentAgain) {
  // All of it at once, so that nothing behind the pipe is read.
  world.network.setBuffers(16'000'000, 16'000'000);
  rule_.retry->anyMethod = true;
  route({rule_});
  ask("PUT / HTTP/1.1\r\nHost: web\r\nContent-Length: 400000\r\n\r\na");
  ask(patternBytes(399'999));
  answer(kBusy);
  later();
  EXPECT_EQ(taken(), kBusy);
  EXPECT_EQ(upstreams(), 1U);
}

TEST_P(HttpRetryTest, AConnectionThatEndsWithoutAResponseIsTriedAgain) {
  route({rule_});
  get("/a");
  world.endpoint().last().reset();
  later();
  EXPECT_EQ(upstreams(), 2U);
  world.endpoint().last().finish();
  later();
  EXPECT_EQ(upstreams(), 3U);
  world.endpoint().last().finish();
  world.settle();
  expectReply(502, CloseReason::UpstreamClosed);
}

TEST_P(HttpRetryTest, AResponseThatHasBegunIsNever) {
  route({rule_});
  get("/a");
  answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  world.endpoint().last().reset();
  world.settle();
  EXPECT_EQ(upstreams(), 1U);
  expectOver(CloseReason::UpstreamReset);
}

TEST_P(HttpRetryTest, AnAttemptThatTakesTooLongIsTriedAgain) {
  rule_.retry->onTimeout = true;
  rule_.timeouts.backendRequest = seconds(1);
  rule_.timeouts.request = milliseconds(2'500);
  route({rule_});
  get("/a");
  world.advance(milliseconds(1'100));
  EXPECT_EQ(upstreams(), 2U);
  world.advance(milliseconds(1'100));
  EXPECT_EQ(upstreams(), 3U);
  EXPECT_EQ(taken(), "");
  world.advance(milliseconds(600));
  expectReply(504, CloseReason::ResponseTimeout);
}

TEST_P(HttpRetryTest, EachAttemptHasItsTimeForAHead) {
  rule_.retry->onTimeout = true;
  rule_.timeouts.responseHead = seconds(1);
  route({rule_});
  get("/a");
  for (std::size_t attempt = 1; attempt < 3; ++attempt) {
    world.advance(milliseconds(1'100));
    EXPECT_EQ(upstreams(), attempt + 1);
    EXPECT_EQ(taken(), "");
  }
  world.advance(milliseconds(1'100));
  expectReply(504, CloseReason::ResponseTimeout);
}

TEST_P(HttpRetryTest, WhoAsksForMoreTimeIsNotAskedAgain) {
  route({rule_});
  constexpr std::string_view kLater =
      "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
  get("/a");
  answer(kLater);
  EXPECT_EQ(taken(), kLater);
}

TEST_P(HttpRetryTest, TheBudgetBoundsThem) {
  world.config.cluster(1).http.retrySharePercent = 0;
  world.config.cluster(1).http.retriesPerSecondMin = 0;
  route({rule_});
  get("/a");
  answer(kBusy);
  EXPECT_EQ(taken(), kBusy);
}

TEST_P(HttpRetryTest, AnotherEndpointIsPreferred) {
  Endpoint& other = addOther(1);
  route({rule_});
  get("/a");
  Endpoint& first = other.count() > 0 ? other : world.endpoint();
  Endpoint& second = other.count() > 0 ? world.endpoint() : other;
  first.last().send(kBusy);
  world.settle();
  later();
  ASSERT_EQ(second.count(), 1U);
  second.last().send(kBusy);
  world.settle();
  later();
  EXPECT_EQ(first.count() + second.count(), 3U) << "when all were tried, one of them again";
  (first.count() == 2 ? first : second).last().send(kOk);
  world.settle();
  EXPECT_EQ(taken(), kOk);
}

TEST_P(HttpRetryTest, EachAttemptHasConnectsOfItsOwn) {
  world.config.cluster(1).connectAttemptsMax = 2;
  std::vector<Endpoint*> left = addUntil(3);
  route({rule_});
  get("/a");
  Endpoint& first = takeAsked(left);
  for (Endpoint* endpoint : left) {
    world.network.setAnswer(endpoint->address(), Answer::Refused);
  }
  first.last().send(kBusy);
  world.settle();
  later();
  expectReply(502, CloseReason::ConnectRefused);
  EXPECT_EQ(world.proxy.endpointCell(1, 2, EndpointTcpCell::kConnectFailures) +
                world.proxy.endpointCell(1, 3, EndpointTcpCell::kConnectFailures),
            2U);
}

TEST_P(HttpRetryTest, MoreEndpointsMayFailThanAreRemembered) {
  constexpr std::uint32_t kRemembered = upstream::Connector::kAttemptsMax;
  rule_.retry->attemptsMax = 10;
  std::vector<Endpoint*> left = addUntil(kRemembered + 3);
  route({rule_});
  get("/a");
  for (std::uint32_t i = 1; i <= kRemembered; ++i) {
    Endpoint& asked = takeAsked(left);
    for (Endpoint* endpoint : i == kRemembered ? left : std::vector<Endpoint*>()) {
      world.network.setAnswer(endpoint->address(), Answer::Refused);
    }
    asked.last().send(kBusy);
    world.settle();
    later();
  }
  expectReply(502, CloseReason::ConnectRefused);
}

TEST_P(HttpRetryTest, AnEndpointMayLeaveWhileARequestWaits) {
  world.config.endpoint(1, 2, addressOf("10.0.1.2:90"));
  Endpoint& other = world.addEndpoint(3, addressOf("10.0.1.3:90"));
  world.config.removeEndpoint(1, 2);
  world.config.cluster(1).balancer.type = snapshot::BalancerType::Random;
  rule_.retry->backoffMin = seconds(1);
  rule_.retry->backoffMax = seconds(1);
  route({rule_});
  get("/a");
  const bool firstIsOther = other.count() > 0;
  (firstIsOther ? other : world.endpoint()).last().send(kBusy);
  world.settle();
  world.config.removeEndpoint(1, firstIsOther ? 3 : 1);
  world.publish();
  world.advance(milliseconds(1'100));
  Endpoint& left = firstIsOther ? world.endpoint() : other;
  ASSERT_EQ(left.count(), 1U);
  left.last().send(kOk);
  world.settle();
  EXPECT_EQ(taken(), kOk);
}

TEST_P(HttpRetryTest, AClientThatLeavesEndsTheWait) {
  route({rule_});
  get("/a");
  answer(kBusy);
  client->reset();
  world.settle();
  later();
  EXPECT_EQ(upstreams(), 1U);
  expectOver(CloseReason::DownstreamReset);
}

INSTANTIATE_TEST_SUITE_P(Transports, HttpRoutesTest, testing::ValuesIn(kAllWirings), wiringName);
INSTANTIATE_TEST_SUITE_P(Transports, HttpRetryTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
