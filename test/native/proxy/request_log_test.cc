// What is reported of each request, where the listener wants it.
#include "proxy/request_log.h"

#include <string>
#include <string_view>

#include "http_fixture.h"

namespace weft::test {
namespace {

using telemetry::EventKind;

class RequestLogTest : public HttpTest {
 protected:
  /// Of the latest record; -1 when there is none.
  [[nodiscard]] std::int64_t number(std::size_t index) {
    const auto records = world.proxy.sink().of(EventKind::RequestEnded);
    return records.empty() ? -1 : static_cast<std::int64_t>(records.back().numbers.at(index));
  }

  [[nodiscard]] std::string field(std::size_t index) {
    return world.proxy.sink().of(EventKind::RequestEnded).back().fields.at(index);
  }

  [[nodiscard]] std::size_t count() {
    return world.proxy.sink().of(EventKind::RequestEnded).size();
  }

  void expectLast(std::int64_t status, CloseReason reason) {
    EXPECT_EQ(number(5), status);
    EXPECT_EQ(number(6), static_cast<std::int64_t>(reason));
  }
};

TEST_P(RequestLogTest, HasWhatWasAskedAndWhatCameOfIt) {
  ask("POST /a?b HTTP/1.1\r\nHost: web\r\nUser-Agent: test\r\nContent-Length: 5\r\nTraceparent: "
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\nhello");
  world.advance(std::chrono::milliseconds(20));
  answer(
      "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
  ASSERT_EQ(count(), 1U);
  expectLast(201, CloseReason::Finished);
  EXPECT_EQ(number(1), 1) << "listener";
  EXPECT_EQ(number(2), 1) << "cluster";
  EXPECT_EQ(number(3), 1) << "endpoint";
  EXPECT_EQ(number(4), std::int64_t{base::RouteId::kNone});
  EXPECT_GE(number(7), 20'000);
  EXPECT_EQ(number(8), 5);
  EXPECT_EQ(number(9), 4);
  EXPECT_EQ(number(10), 1) << "connects";
  EXPECT_EQ(field(0), "POST");
  EXPECT_EQ(field(1), "web");
  EXPECT_EQ(field(2), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(field(4), "test");
  EXPECT_EQ(field(6), "10.0.1.1:90");
  EXPECT_EQ(field(7), "/a?b");
  static_cast<void>(taken());
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(number(8), 0) << "of this request only";
  EXPECT_EQ(number(10), 0) << "on the connection that was there";
}

TEST_P(RequestLogTest, HasWhatTheProxyAnsweredItself) {
  snapshot::HttpRule rule;
  rule.hostnames = {"else"};
  rule.rateLimit = snapshot::RateLimit{.interval = std::chrono::hours(1), .burst = 1};
  rule.directResponse = snapshot::DirectResponse{.status = 200, .contentType = "", .body = "abc"};
  world.config.setRoutes(1, {rule});
  world.publish();
  ask(kGet);
  expectLast(404, CloseReason::NoRoute);
  EXPECT_EQ(number(2), std::int64_t{base::ClusterId::kNone});
  ask("GET / HTTP/1.1\r\nHost: else\r\n\r\n");
  expectLast(200, CloseReason::Finished);
  EXPECT_EQ(number(4), 1) << "route";
  EXPECT_EQ(number(9), 3);
  ask("GET / HTTP/1.1\r\nHost: else\r\n\r\n");
  expectLast(429, CloseReason::RateLimited);
  ask("GET / HTTP/1.1\r\n\r\n");
  expectLast(400, CloseReason::RequestInvalid);
  EXPECT_EQ(count(), 4U);
}

TEST_P(RequestLogTest, HasTheEndOfWhatWasCut) {
  ask(kGet);
  answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  world.endpoint().last().reset();
  world.settle();
  ASSERT_EQ(count(), 1U);
  expectLast(200, CloseReason::UpstreamReset);
  EXPECT_EQ(number(9), 4);
}

TEST_P(RequestLogTest, HasAClientThatLeft) {
  ask(kGet);
  client->reset();
  world.settle();
  ASSERT_EQ(count(), 1U);
  EXPECT_EQ(number(5), 0) << "no status";
  EXPECT_EQ(number(6), static_cast<std::int64_t>(CloseReason::DownstreamReset));
}

TEST_P(RequestLogTest, HasTheIdThatWasGiven) {
  world.config.listener(1).http.requestId = "x-id";
  world.publish();
  ask(kGet);
  EXPECT_NE(forwarded().find("x-id: "), std::string::npos);
  answer(kOk);
  EXPECT_EQ("x-id: " + field(3), forwarded().substr(forwarded().find("x-id: "), 38));
}

TEST_P(RequestLogTest, IsSilentWhereNobodyWantsIt) {
  world.config.listener(1).accessLog = false;
  world.publish();
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(count(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Transports, RequestLogTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
