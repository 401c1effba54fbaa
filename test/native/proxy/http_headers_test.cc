// What a request is told of who sent it, and what is believed of what it says itself.
#include <string>
#include <string_view>

#include "http_fixture.h"
#include "snapshot/listener.h"

namespace weft::test {
namespace {

class HttpHeadersTest : public HttpTest {
 protected:
  snapshot::HttpListener& settings() { return world.config.listener(1).http; }

  /// What a client of that network says is believed.
  static base::Network networkOf(std::string_view address, std::uint8_t bits) {
    return {addressOf(address), bits};
  }

  /// What is forwarded of a request with these fields.
  std::string told(std::string_view fields) {
    world.publish();
    ask("GET /a HTTP/1.1\r\nHost: web:80\r\n" + std::string(fields) + "\r\n");
    const std::string got = forwarded().substr(seen_);
    seen_ = forwarded().size();
    answer(kOk);
    EXPECT_EQ(taken(), kOk);
    return got.substr(got.find("web:80\r\n") + 8);
  }

  /// The IP address of the client.
  [[nodiscard]] static std::string ip() { return "10.0.0.1"; }

  [[nodiscard]] static std::string scheme() {
    return GetParam().downstream == TransportKind::Plain ? "http" : "https";
  }

 private:
  std::size_t seen_ = 0;
};

constexpr std::string_view kClaims =
    "X-Forwarded-For: 1.2.3.4\r\nX-FORWARDED-FOR: 5.6.7.8\r\nX-Forwarded-Proto: https\r\n"
    "x-forwarded-host: else\r\n";

TEST_P(HttpHeadersTest, SaysNothingUnlessItIsWanted) {
  std::string expected(kClaims);
  expected += "\r\n";
  EXPECT_EQ(told(kClaims), expected);
}

TEST_P(HttpHeadersTest, WritesALengthAnewThatSomeRefuse) {
  for (const std::string_view odd : {"\t0", " 0\t", "  0", " 00"}) {
    EXPECT_EQ(told("X: y\r\nContent-Length:" + std::string(odd) + "\r\n"),
              "X: y\r\ncontent-length: 0\r\n\r\n");
  }
  for (const std::string_view plain : {"Content-Length: 0\r\n", "Content-Length:0\r\n"}) {
    EXPECT_EQ(told(plain), std::string(plain) + "\r\n");
  }
}

TEST_P(HttpHeadersTest, BelievesNobodyElse) {
  settings().forwarded = snapshot::Forwarded{.xForwarded = true};
  const std::string expected = "x-forwarded-for: " + ip() + "\r\nx-forwarded-proto: " + scheme() +
                               "\r\nx-forwarded-host: web:80\r\n\r\n";
  EXPECT_EQ(told(""), expected);
  EXPECT_EQ(told(kClaims), expected);
}

TEST_P(HttpHeadersTest, BelievesTrustedNetworks) {
  settings().forwarded =
      snapshot::Forwarded{.xForwarded = true, .from = {networkOf("10.0.0.0:0", 8)}};
  EXPECT_EQ(told(kClaims),
            "X-Forwarded-Proto: https\r\nx-forwarded-host: else\r\n"
            "x-forwarded-for: 1.2.3.4, 5.6.7.8, " +
                ip() + "\r\n\r\n");
  settings().forwarded->from = {networkOf("11.0.0.0:0", 8)};
  EXPECT_EQ(told("X-Forwarded-For: 1.2.3.4\r\n"), "x-forwarded-for: " + ip() +
                                                      "\r\nx-forwarded-proto: " + scheme() +
                                                      "\r\nx-forwarded-host: web:80\r\n\r\n");
}

TEST_P(HttpHeadersTest, WritesForwarded) {
  settings().forwarded =
      snapshot::Forwarded{.forwarded = true, .from = {networkOf("10.0.0.0:0", 8)}};
  const std::string own = "for=" + ip() + ";host=\"web:80\";proto=" + scheme();
  EXPECT_EQ(told(""), "forwarded: " + own + "\r\n\r\n");
  EXPECT_EQ(told("Forwarded: for=\"[::1]\"\r\n"), "forwarded: for=\"[::1]\", " + own + "\r\n\r\n");
}

TEST_P(HttpHeadersTest, NamesItself) {
  settings().via = "weft";
  world.publish();
  ask("GET /a HTTP/1.1\r\nHost: web\r\nVia: 1.0 before\r\n\r\n");
  EXPECT_EQ(forwarded(),
            "GET /a HTTP/1.1\r\nHost: web\r\nVia: 1.0 before\r\nvia: 1.1 weft\r\n\r\n");
  answer(kOk);
  EXPECT_EQ(taken(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nvia: 1.1 weft\r\n\r\nhi");
}

TEST_P(HttpHeadersTest, GivesEachRequestAnId) {
  settings().requestId = "x-request-id";
  const std::string first = told("");
  const std::string second = told("");
  constexpr std::string_view kStart = "x-request-id: ";
  ASSERT_EQ(first.size(), kStart.size() + 32 + 4) << first;
  EXPECT_TRUE(first.starts_with(kStart));
  EXPECT_EQ(first.substr(kStart.size(), 32).find_first_not_of("0123456789abcdef"),
            std::string::npos);
  EXPECT_NE(first, second);
  EXPECT_EQ(told("X-Request-Id: mine\r\n"), "X-Request-Id: mine\r\n\r\n");
}

TEST_P(HttpHeadersTest, SaysTheSameWhenARequestGoesAgain) {
  settings().requestId = "id";
  settings().forwarded = snapshot::Forwarded{.xForwarded = true};
  snapshot::HttpRule rule;
  rule.backendRefs.push_back({.clusterId = base::ClusterId{1}});
  rule.retry = snapshot::Retry{.statuses = {503},
                               .backoffMin = std::chrono::milliseconds(1),
                               .backoffMax = std::chrono::milliseconds(2)};
  world.config.setRoutes(1, {rule});
  world.publish();
  ask("GET /a HTTP/1.1\r\nHost: web\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n");
  const std::string first = forwarded();
  EXPECT_EQ(first.find("1.2.3.4"), std::string::npos);
  answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  world.advance(std::chrono::milliseconds(20));
  EXPECT_EQ(upstreams(), 2U);
  EXPECT_EQ(forwarded(), first);
}

TEST_P(HttpHeadersTest, GivesACookieToWhoHasNone) {
  world.config.cluster(1).balancer.type = snapshot::BalancerType::RingHash;
  world.config.cluster(1).balancer.key = {
      .type = snapshot::HashKeyType::Cookie, .name = "id", .cookieMaxAge = std::chrono::minutes(1)};
  world.publish();
  ask(kGet);
  answer(kOk);
  const std::string got = taken();
  const std::size_t at = got.find("\r\nset-cookie: id=");
  ASSERT_NE(at, std::string::npos) << got;
  EXPECT_NE(got.find("; Path=/; HttpOnly; Max-Age=60\r\n", at), std::string::npos) << got;
  EXPECT_EQ(exchange("GET / HTTP/1.1\r\nHost: web\r\nCookie: a=b; id=7\r\n\r\n", kOk), kOk);
}

INSTANTIATE_TEST_SUITE_P(Transports, HttpHeadersTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
