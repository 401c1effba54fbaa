// Health checks that ask by a request of HTTP: what is asked, which answers are good, and that
// none is none.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/memory_proxy.h"
#include "upstream/health_check.h"

namespace weft::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::EventKind;

class HttpCheckTest : public testing::Test {
 protected:
  HttpCheckTest() {
    world.config.cluster(1).ejection.reset();
    world.config.cluster(1).healthCheck = {.type = snapshot::HealthCheckType::Http,
                                           .interval = seconds(2),
                                           .timeout = seconds(1),
                                           .path = "/health"};
    world.publish();
  }

  /// Until a check has asked.
  test::Peer& asked() {
    const std::size_t before = world.endpoint().count();
    while (world.endpoint().count() == before) {
      world.advance(milliseconds(20));
    }
    return world.endpoint().last();
  }

  /// Whether the endpoint is healthy after a check that is answered so.
  bool healthyAfter(std::string_view answer) {
    test::Peer& peer = asked();
    peer.send(answer);
    world.settle();
    return healthy();
  }

  bool healthy() {
    return world.proxy.sink().of(EventKind::EndpointUnavailable).size() ==
           world.proxy.sink().of(EventKind::EndpointAvailable).size();
  }

  test::MemoryProxy world;
};

TEST_F(HttpCheckTest, AsksForThePath) {
  test::Peer& peer = asked();
  EXPECT_EQ(peer.received(),
            "GET /health HTTP/1.1\r\nHost: 10.0.1.1:90\r\nUser-Agent: weft\r\n"
            "Connection: close\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  world.settle();
  EXPECT_TRUE(peer.over()) << "the answer was heard";
  EXPECT_TRUE(healthy());
  world.config.cluster(1).healthCheck->host = "app.example.com";
  world.publish();
  EXPECT_NE(asked().received().find("\r\nHost: app.example.com\r\n"), std::string::npos);
}

TEST_F(HttpCheckTest, StatusesDecide) {
  for (const std::string_view good :
       {"HTTP/1.1 200 OK\r\n", "HTTP/1.0 204 \r\n", "HTTP/1.1 301 Moved\r\n", "HTTP/1.1 399\r\n"}) {
    EXPECT_TRUE(healthyAfter(good)) << good;
  }
  for (const std::string_view bad : {"HTTP/1.1 503 Busy\r\n", "HTTP/1.1 404 \r\n",
                                     "HTTP/1.1 100 Go\r\n", "220 mail.example.com\r\n"}) {
    EXPECT_FALSE(healthyAfter(bad)) << bad;
    EXPECT_TRUE(healthyAfter("HTTP/1.1 200 OK\r\n"));
  }
}

TEST_F(HttpCheckTest, AnAnswerMayComeByteByByte) {
  test::Peer& peer = asked();
  for (const char byte : std::string_view("HTTP/1.1 200 OK")) {
    peer.send({&byte, 1});
    world.settle();
  }
  EXPECT_TRUE(peer.over());
  EXPECT_TRUE(healthy());
}

TEST_F(HttpCheckTest, NoAnswerIsNone) {
  static_cast<void>(asked());
  world.advance(milliseconds(1'200));
  EXPECT_FALSE(healthy()) << "silence";
  EXPECT_TRUE(healthyAfter("HTTP/1.1 200 OK\r\n"));
  asked().finish();
  world.settle();
  EXPECT_FALSE(healthy()) << "an end";
  EXPECT_TRUE(healthyAfter("HTTP/1.1 200 OK\r\n"));
  asked().reset();
  world.settle();
  EXPECT_FALSE(healthy()) << "a reset";
}

}  // namespace
}  // namespace weft::upstream
