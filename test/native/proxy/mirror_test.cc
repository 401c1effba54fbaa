// Copies of requests: what of a request goes to whom, what is never copied, and that the original
// notices nothing of it.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_fixture.h"
#include "snapshot/route.h"

namespace weft::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::ClusterCell;
using upstream::MirrorResult;

class MirrorTest : public HttpTest {
 protected:
  MirrorTest() : shadow_(world.addEndpoint(2, addressOf("10.0.1.2:90"), 2)) {
    rule_.backendRefs.push_back({.clusterId = base::ClusterId{1}});
    rule_.mirrors.push_back({.timeout = seconds(5), .backend = {.clusterId = base::ClusterId{2}}});
    route();
  }

  void route() {
    world.config.setRoutes(1, {rule_});
    world.publish();
  }

  [[nodiscard]] snapshot::RequestMirror& mirror() { return rule_.mirrors.front(); }

  /// What the shadow's latest connection got.
  [[nodiscard]] std::string copied() {
    return shadow_.count() == 0 ? std::string() : shadow_.last().received();
  }

  void answerCopy(std::string_view bytes) {
    shadow_.last().send(bytes);
    world.settle();
  }

  [[nodiscard]] std::uint64_t counted(MirrorResult result) {
    return world.proxy.clusterCell(2, ClusterCell::kMirrors + static_cast<std::size_t>(result));
  }

  void expectCounted(std::uint64_t successes, std::uint64_t failures, std::uint64_t skipped) {
    EXPECT_EQ(counted(MirrorResult::Success), successes);
    EXPECT_EQ(counted(MirrorResult::Failure), failures);
    EXPECT_EQ(counted(MirrorResult::Skipped), skipped);
  }

  snapshot::HttpRule rule_;
  Endpoint& shadow_;
};

constexpr std::string_view kPost = "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\n";

TEST_P(MirrorTest, SendsACopyAndDropsTheResponse) {
  ask(kGet);
  EXPECT_EQ(forwarded(), kGet);
  EXPECT_EQ(copied(), kGet);
  answerCopy("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
  EXPECT_EQ(taken(), "");
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  expectCounted(1, 0, 0);
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(shadow_.count(), 1U) << "the connection goes on";
  EXPECT_EQ(copied(), std::string(kGet) + std::string(kGet));
}

TEST_P(MirrorTest, TheOriginalDoesNotWaitForIt) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(shadow_.count(), 2U);
  client->finish();
  world.settle();
  EXPECT_EQ(connectionsNow(), 0U);
  expectCounted(0, 0, 0);
  world.advance(seconds(6));
  expectCounted(0, 2, 0);
  EXPECT_TRUE(shadow_.last().over());
  expectOver(CloseReason::Finished);
}

TEST_P(MirrorTest, ABodyIsSentWhenItIsWhole) {
  ask(std::string(kPost) + "01234");
  EXPECT_EQ(forwarded(), std::string(kPost) + "01234");
  EXPECT_EQ(shadow_.count(), 0U);
  ask("56789");
  EXPECT_EQ(copied(), std::string(kPost) + "0123456789");
  answer(kOk);
  answerCopy(kOk);
  EXPECT_EQ(taken(), kOk);
  expectCounted(1, 0, 0);
  expectNothingHeld();
}

TEST_P(MirrorTest, ABodyInChunksIsCopiedWithoutItsTrailers) {
  const std::string head = "POST / HTTP/1.1\r\nHost: web\r\ntransfer-encoding: chunked\r\n\r\n";
  ask(head + "5\r\nhello\r\n");
  ask("4;a=b\r\n you\r\n0\r\nX-Sum: 1\r\n\r\n");
  EXPECT_EQ(copied(), head + "9\r\nhello you\r\n0\r\n\r\n");
}

TEST_P(MirrorTest, WhatTheRuleChangesIsChangedInTheCopyToo) {
  rule_.matches.push_back({.path = {.value = "/api"}});
  rule_.rewrite = snapshot::UrlRewrite{
      .hostname = "", .path = snapshot::PathRewrite{.prefixOnly = true, .value = "/v2"}};
  rule_.backendRefs[0].requestHeaders = {.set = {{"x-for", "original"}}, .add = {}, .remove = {}};
  mirror().backend.requestHeaders = {.set = {{"x-for", "copy"}}, .add = {}, .remove = {}};
  snapshot::HttpListener& settings = world.config.listener(1).http;
  settings.via = "weft";
  settings.requestId = "x-request-id";
  route();
  ask("GET /api/a HTTP/1.1\r\nHost: web\r\n\r\n");
  const std::string original = forwarded();
  EXPECT_TRUE(original.starts_with("GET /v2/a HTTP/1.1\r\nHost: web\r\n")) << original;
  EXPECT_NE(original.find("x-request-id: "), std::string::npos) << original;
  std::string expected = original;
  const std::string_view word = "x-for: original";
  expected.replace(expected.find(word), word.size(), "x-for: copy");
  EXPECT_EQ(copied(), expected);
}

TEST_P(MirrorTest, EachOfSeveralGetsOne) {
  Endpoint& other = world.addEndpoint(3, addressOf("10.0.1.3:90"), 3);
  rule_.mirrors.push_back({.timeout = seconds(5), .backend = {.clusterId = base::ClusterId{3}}});
  route();
  ask(std::string(kPost) + "01234");
  ask("56789");
  EXPECT_EQ(copied(), std::string(kPost) + "0123456789");
  ASSERT_EQ(other.count(), 1U);
  EXPECT_EQ(other.last().received(), copied());
}

TEST_P(MirrorTest, AShareOfRequestsIsCopied) {
  mirror().share = 300'000;
  route();
  for (int i = 0; i < 200; ++i) {
    ask(kGet);
    answer(kOk);
    if (shadow_.count() > 0 && !shadow_.last().over()) {
      answerCopy(kOk);
    }
  }
  EXPECT_GT(counted(MirrorResult::Success), 40U);
  EXPECT_LT(counted(MirrorResult::Success), 80U);
  mirror().share = 0;
  route();
  const std::uint64_t before = counted(MirrorResult::Success);
  EXPECT_FALSE(exchange(kGet, kOk).empty());
  EXPECT_EQ(counted(MirrorResult::Success), before);
}

// ---- what is not copied ----

TEST_P(MirrorTest, WhatIsTooLongIsNot) {
  const std::string head = "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 70000\r\n\r\n";
  ask(head + patternBytes(70'000));
  EXPECT_EQ(forwarded(), head + patternBytes(70'000));
  EXPECT_EQ(shadow_.count(), 0U);
  expectCounted(0, 0, 1);
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  expectNothingHeld();
}

TEST_P(MirrorTest, WhatGoesThroughAPipeIsNot) {
  // All of it at once, so that nothing behind the pipe is read.
  world.network.setBuffers(16'000'000, 16'000'000);
  const std::string head = "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 400000\r\n\r\n";
  ask(head + "a");
  ask(patternBytes(399'999));
  EXPECT_EQ(forwarded(), head + "a" + patternBytes(399'999));
  EXPECT_EQ(shadow_.count(), 0U);
  expectCounted(0, 0, 1);
}

TEST_P(MirrorTest, WhatDoesNotComeWholeIsNot) {
  ask(std::string(kPost) + "01234");
  client->reset();
  world.settle();
  EXPECT_EQ(shadow_.count(), 0U);
  expectCounted(0, 0, 1);
  EXPECT_EQ(world.proxy.worker().load(), 0U);
  expectNothingHeld();
}

TEST_P(MirrorTest, WhatIsAnsweredBeforeItIsWholeIsNot) {
  ask(std::string(kPost) + "01234");
  answer("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(shadow_.count(), 0U);
  ask("56789");
  EXPECT_EQ(shadow_.count(), 0U);
  expectCounted(0, 0, 1);
}

TEST_P(MirrorTest, WhatIsNoRequestIsNot) {
  ask("GET /ws HTTP/1.1\r\nHost: web\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(upstreams(), 1U);
  EXPECT_EQ(shadow_.count(), 0U);
  Peer& other = world.connect();
  other.send("CONNECT web:80 HTTP/1.1\r\nHost: web:80\r\n\r\n");
  world.settle();
  EXPECT_EQ(upstreams(), 2U);
  EXPECT_EQ(shadow_.count(), 0U);
}

TEST_P(MirrorTest, MoreThanTheLimitAreNot) {
  world.config.next.limits.mirrorsMax = 1;
  world.publish();
  ask(kGet);
  answer(kOk);
  EXPECT_EQ(exchange(kGet, kOk), std::string(kOk) + std::string(kOk));
  expectCounted(0, 0, 1);
  EXPECT_EQ(shadow_.count(), 1U);
  answerCopy(kOk);
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(copied(), std::string(kGet) + std::string(kGet));
  world.config.next.limits.mirrorsMax = 0;
  world.publish();
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  expectCounted(1, 0, 2);
}

// ---- what goes wrong ----

TEST_P(MirrorTest, ACopyIsNoRequest) {
  world.config.next.limits.requestsMax = 1;
  world.publish();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(exchange(kGet, kOk), kOk) << "copies that wait are no load";
  }
  const auto requests = [this](std::uint32_t cluster, std::uint32_t endpoint) {
    const telemetry::RunKey key{.kind = telemetry::RunKind::HttpRequest,
                                .ids = {static_cast<std::uint32_t>(snapshot::Direction::Outbound),
                                        cluster, endpoint, 0, 1}};
    return world.proxy.run(0, key).get(telemetry::HttpRequestCell::kRequests);
  };
  EXPECT_EQ(requests(1, 1), 3U);
  EXPECT_EQ(requests(2, 2), 0U);
}

TEST_P(MirrorTest, FailuresAreThoseOfTheCopyOnly) {
  ask(kGet);
  shadow_.last().reset();
  world.settle();
  expectCounted(0, 1, 0);
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  ask(kGet);
  answerCopy("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
  expectCounted(0, 2, 0);
  answer(kOk);
  ask(kGet);
  answerCopy("what is this\r\n\r\n");
  expectCounted(0, 3, 0);
  answer(kOk);
  EXPECT_EQ(taken(), std::string(kOk) + std::string(kOk));
  world.config.removeEndpoint(2, 2);
  world.publish();
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  expectCounted(0, 4, 0);
}

TEST_P(MirrorTest, ThereMayBeACopyOfWhatFails) {
  world.config.removeEndpoint(1, 1);
  world.publish();
  ask(kGet);
  expectReply(503, CloseReason::NoEndpoint);
  EXPECT_EQ(copied(), kGet);
}

TEST_P(MirrorTest, ALongResponseIsNotReadToItsEnd) {
  ask(kGet);
  answer(kOk);
  answerCopy("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + patternBytes(200'000));
  expectCounted(1, 0, 0);
  EXPECT_TRUE(shadow_.last().over());
}

TEST_P(MirrorTest, RoutesAndClustersStayForIt) {
  ask(kGet);
  answer(kOk);
  world.config.listener(1).routeTable = nullptr;
  world.config.removeCluster(2);
  world.publish();
  EXPECT_EQ(exchange(kGet, kOk), std::string(kOk) + std::string(kOk));
  answerCopy(kOk);
  EXPECT_EQ(copied(), kGet);
  expectNothingHeld();
}

TEST_P(MirrorTest, GoesWhenTheProxyStops) {
  ask(kGet);
  answer(kOk);
  ask(std::string(kPost) + "01234");
  world.proxy.stop();
  expectCounted(0, 1, 1);
}

INSTANTIATE_TEST_SUITE_P(Transports, MirrorTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
