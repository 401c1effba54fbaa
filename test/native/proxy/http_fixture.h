// The fixture of HTTP tests: a proxy in memory whose first listener speaks HTTP/1, one client, and
// what an endpoint got of it.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "session_fixture.h"

namespace weft::test {

class HttpTest : public SessionTest {
 protected:
  HttpTest() {
    world.config.listener(1).protocol = snapshot::Protocol::Http1;
    world.publish();
  }

  /// A client that sends this.
  void ask(std::string_view bytes) {
    if (client == nullptr) {
      client = &world.connect();
    }
    client->send(bytes);
    world.settle();
  }

  /// The endpoint's latest connection sends this.
  void answer(std::string_view bytes) {
    world.endpoint().last().send(bytes);
    world.settle();
  }

  /// A request and its whole response, and what the client got.
  std::string exchange(std::string_view request, std::string_view response) {
    ask(request);
    answer(response);
    return taken();
  }

  /// What the client got since the last call.
  std::string taken() {
    const std::string all = client->received();
    std::string fresh = all.substr(takenBytes_);
    takenBytes_ = all.size();
    return fresh;
  }

  /// What the endpoint's latest connection got.
  [[nodiscard]] const std::string& forwarded() { return world.endpoint().last().received(); }

  [[nodiscard]] std::size_t upstreams() { return world.endpoint().count(); }

  /// The answer is the proxy's own, with this status and reason.
  void expectReply(int status, CloseReason reason) {
    const std::string got = taken();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 " + std::to_string(status) + " ")) << got;
    EXPECT_NE(got.find("weft-error: " + std::string(telemetry::closeReasonName(reason))),
              std::string::npos)
        << got;
  }

  /// As expectEnded(); a connection to the endpoint may wait for other requests.
  void expectOver(CloseReason reason) {
    EXPECT_EQ(closes(reason), 1U) << telemetry::closeReasonName(reason);
    EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpenNow), 0U);
    EXPECT_EQ(connectionsNow(), 0U);
    EXPECT_EQ(world.proxy.worker().load(), 0U);
    expectNothingHeld();
  }

  /// After all: nothing is held for anybody.
  void expectNothingHeld() { EXPECT_EQ(world.proxy.workerCell(WorkerCell::BufferedBytesNow), 0U); }

  static constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: web\r\n\r\n";
  static constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

 private:
  std::size_t takenBytes_ = 0;
};

}  // namespace weft::test
