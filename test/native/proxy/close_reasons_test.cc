// Every close reason happens: each is provoked here and found in the counters and in the record of
// its connection. A reason that is added to the list does not compile here before it has its
// provocation.
#include <cstdlib>

#include "session_fixture.h"

namespace weft::test {
namespace {

class CloseReasonsTest : public testing::TestWithParam<std::size_t> {
 protected:
  /// A connection that is open from end to end.
  void open() {
    client = &world.connect();
    world.settle();
    server = &world.endpoint().last();
  }

  void provoke(CloseReason reason);
  void provokeWhileConnecting(CloseReason reason);
  void provokeByLimit(CloseReason reason);
  void provokeByHttp(CloseReason reason);
  void provokeByRoute(CloseReason reason);
  void provokeByConfiguration(CloseReason reason);

  MemoryProxy world;
  Peer* client = nullptr;
  Peer* server = nullptr;
};

void CloseReasonsTest::provoke(CloseReason reason) {
  switch (reason) {
    case CloseReason::Finished:
      open();
      client->finish();
      server->finish();
      break;
    case CloseReason::DownstreamReset:
      open();
      client->reset();
      break;
    case CloseReason::UpstreamReset:
      open();
      server->reset();
      break;
    case CloseReason::DownstreamLost:
      open();
      world.sockets.timeOut(kDownstreamFd);
      break;
    case CloseReason::UpstreamLost:
      open();
      world.sockets.timeOut(kUpstreamFd);
      break;
    case CloseReason::IdleTimeout:
      world.config.listener(1).idleTimeout = std::chrono::seconds(1);
      world.publish();
      open();
      world.advance(std::chrono::seconds(2));
      break;
    case CloseReason::ProxyProtocolError:
      world.config.listener(1).proxyProtocol =
          snapshot::ProxyProtocol{.from = {base::Network(base::Address::ipv4({}, 0), 0),
                                           base::Network(base::Address::ipv6({}, 0, 0), 0)},
                                  .timeout = std::chrono::seconds(1)};
      world.publish();
      client = &world.connect();
      world.advance(std::chrono::seconds(2));
      break;
    case CloseReason::TlsNoRoute:
      world.config.listener(1).protocol = snapshot::Protocol::Tls;
      world.config.listener(1).tlsRoutes = {
          {.hostnames = {"nobody.example.com"}, .alpn = {}, .backendRefs = {{base::ClusterId{1}}}}};
      world.publish();
      client = &world.connect();
      client->send("no hello");
      world.settle();
      break;
    case CloseReason::DownstreamGone:
    case CloseReason::ConnectRefused:
    case CloseReason::ConnectTimeout:
    case CloseReason::ConnectFailed:
    case CloseReason::NoEndpoint:
    case CloseReason::FailFast:
    case CloseReason::ResourcesExhausted:
      provokeWhileConnecting(reason);
      break;
    case CloseReason::RequestInvalid:
    case CloseReason::RequestTimeout:
    case CloseReason::ResponseInvalid:
    case CloseReason::UpstreamClosed:
      provokeByHttp(reason);
      break;
    case CloseReason::NoRoute:
    case CloseReason::NoBackend:
    case CloseReason::RateLimited:
    case CloseReason::LoadShed:
    case CloseReason::FaultInjected:
    case CloseReason::ResponseTimeout:
      provokeByRoute(reason);
      break;
    case CloseReason::Loop:
    case CloseReason::ClusterLimit:
    case CloseReason::PendingLimit:
    case CloseReason::EndpointLimit:
    case CloseReason::ListenerLimit:
    case CloseReason::ConnectionLimit:
    case CloseReason::BufferLimit:
      provokeByLimit(reason);
      break;
    case CloseReason::ListenerRemoved:
    case CloseReason::EndpointRemoved:
    case CloseReason::DrainDeadline:
    case CloseReason::Stopped:
      provokeByConfiguration(reason);
      break;
  }
}

void CloseReasonsTest::provokeWhileConnecting(CloseReason reason) {
  Answer answer = Answer::Silence;
  if (reason == CloseReason::ConnectRefused) {
    answer = Answer::Refused;
  } else if (reason == CloseReason::FailFast) {
    answer = Answer::Refused;
    world.config.cluster(1).failFastAfter = base::Duration{};
    world.publish();
  } else if (reason == CloseReason::ConnectFailed) {
    answer = Answer::Unreachable;
  } else if (reason == CloseReason::NoEndpoint) {
    world.config.removeEndpoint(1, 1);
    world.publish();
  } else if (reason == CloseReason::ResourcesExhausted) {
    world.sockets.failCalls([](Call call) { return call == Call::Connect ? ENOBUFS : 0; });
  }
  world.network.setAnswer(MemoryProxy::endpointAddress(), answer);
  client = &world.connect();
  world.settle();
  if (reason == CloseReason::DownstreamGone) {
    client->reset();
  }
  world.advance(std::chrono::seconds(5));
}

void CloseReasonsTest::provokeByRoute(CloseReason reason) {
  snapshot::HttpRule rule{.backendRefs = {{.clusterId = base::ClusterId{1}}}};
  if (reason == CloseReason::NoRoute) {
    rule.hostnames = {"other.example.com"};
  } else if (reason == CloseReason::NoBackend) {
    rule.backendRefs.clear();
  } else if (reason == CloseReason::RateLimited) {
    rule.rateLimit = snapshot::RateLimit{.interval = std::chrono::hours(1), .burst = 1};
    rule.directResponse = snapshot::DirectResponse{};
  } else if (reason == CloseReason::LoadShed) {
    world.config.next.limits.requestsMax = 0;
  } else if (reason == CloseReason::FaultInjected) {
    rule.fault = snapshot::Fault{.abortStatus = 500, .abortShare = 1'000'000};
  } else {
    rule.timeouts.request = std::chrono::seconds(1);
  }
  world.config.listener(1).protocol = snapshot::Protocol::Http1;
  world.config.setRoutes(1, {rule});
  world.publish();
  client = &world.connect();
  if (reason == CloseReason::RateLimited) {
    client->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  client->send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  world.settle();
  if (reason == CloseReason::ResponseTimeout) {
    world.advance(std::chrono::seconds(2));
  }
}

void CloseReasonsTest::provokeByHttp(CloseReason reason) {
  world.config.listener(1).protocol = snapshot::Protocol::Http1;
  world.publish();
  client = &world.connect();
  client->send(reason == CloseReason::RequestInvalid ? "GET /\r\n\r\n" : "GET / HTTP/1.1\r\n");
  world.settle();
  if (reason == CloseReason::RequestTimeout) {
    world.advance(std::chrono::seconds(12));
  } else if (reason != CloseReason::RequestInvalid) {
    client->send("Host: a\r\n\r\n");
    world.settle();
    server = &world.endpoint().last();
    server->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    if (reason == CloseReason::ResponseInvalid) {
      server->send("no size");
      server->send("\r\n");
    }
    server->finish();
  }
  world.settle();
  world.advance(std::chrono::seconds(2));
}

void CloseReasonsTest::provokeByLimit(CloseReason reason) {
  if (reason == CloseReason::ListenerLimit) {
    world.config.listener(1).connectionsMax = 0;
  } else if (reason == CloseReason::ConnectionLimit) {
    world.config.next.limits.connectionsMax = 0;
  } else if (reason == CloseReason::ClusterLimit) {
    world.config.cluster(1).connectionsMax = 0;
  } else if (reason == CloseReason::PendingLimit) {
    world.config.cluster(1).pendingMax = 0;
  } else if (reason == CloseReason::EndpointLimit) {
    world.config.cluster(1).endpointConnectionsMax = 0;
  } else if (reason == CloseReason::Loop) {
    world.config.listener(1).transparent = true;
  } else {
    world.config.next.limits.bufferedBytesMax = 1;
    world.config.next.limits.pipeCountMax = 0;
  }
  world.publish();
  client = &world.connect();
  client->send(patternBytes(1'000'000));
  for (int i = 0; i < 10 && world.endpoint().count() == 0; ++i) {
    world.once();
  }
  if (world.endpoint().count() > 0) {
    world.endpoint().at(0).setReadMax(0);
  }
}

void CloseReasonsTest::provokeByConfiguration(CloseReason reason) {
  open();
  if (reason == CloseReason::ListenerRemoved) {
    world.config.removeListener(1);
    world.publish();
  } else if (reason == CloseReason::EndpointRemoved) {
    world.config.removeEndpoint(1, 1);
    world.publish();
  } else if (reason == CloseReason::DrainDeadline) {
    world.proxy.drain(std::chrono::seconds(1), false);
  } else {
    world.proxy.stop();
    return;
  }
  world.advance(std::chrono::seconds(30));
}

TEST_P(CloseReasonsTest, IsCountedAndRecorded) {
  const auto reason = static_cast<CloseReason>(GetParam());
  provoke(reason);
  world.settle();
  for (std::size_t other = 0; other < telemetry::kCloseReasonCount; ++other) {
    EXPECT_EQ(world.proxy.closes(1, static_cast<CloseReason>(other)), other == GetParam() ? 1U : 0U)
        << telemetry::closeReasonName(static_cast<CloseReason>(other));
  }
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpenNow), 0U);
  // Who is turned away was never a connection: a record of the limit stands for all of them.
  const bool turnedAway = reason == CloseReason::ListenerLimit ||
                          reason == CloseReason::ConnectionLimit || reason == CloseReason::Loop;
  // What limits a cluster is told beside the record of the connection.
  const auto records =
      world.proxy.sink().of(turnedAway ? EventKind::LimitReached : EventKind::ConnectionClosed);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].numbers.at(turnedAway ? 0 : 4), GetParam());
  const bool clientIsGone = reason == CloseReason::DownstreamLost || client->closed();
  EXPECT_EQ(clientIsGone, !client->over()) << "the client is told";
}

INSTANTIATE_TEST_SUITE_P(All, CloseReasonsTest,
                         testing::Range<std::size_t>(0, telemetry::kCloseReasonCount),
                         [](const testing::TestParamInfo<std::size_t>& info) {
                           return std::string(telemetry::kCloseReasonNames[info.param]);
                         });

}  // namespace
}  // namespace weft::test
