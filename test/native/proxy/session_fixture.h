// The fixture of session tests: a proxy in memory with one client and one endpoint's connection,
// over the transports of the parameter.
#pragma once

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "support/memory_proxy.h"

namespace weft::test {

using telemetry::CloseReason;
using telemetry::EndpointTcpCell;
using telemetry::EventKind;
using telemetry::ListenerTcpCell;
using telemetry::WorkerCell;

/// Every kind of transport on each side.
inline const Wiring kAllWirings[] = {
    {},
    {TransportKind::Ahead, TransportKind::Ahead},
    {TransportKind::RecordAtATime, TransportKind::RecordAtATime},
    {TransportKind::Plain, TransportKind::RecordAtATime},
    {TransportKind::Ahead, TransportKind::Plain},
};

inline std::string wiringName(const testing::TestParamInfo<Wiring>& info) {
  return nameOf(info.param);
}

/// Descriptors of the proxy when its first connection is open; 3 is the listener.
inline constexpr int kDownstreamFd = 4;
inline constexpr int kUpstreamFd = 5;

class SessionTest : public testing::TestWithParam<Wiring> {
 protected:
  SessionTest() : world({.proxy = {.wiring = GetParam()}, .network = {}}) {}

  /// A connection that is open from end to end.
  void open() {
    client = &world.connect();
    const std::size_t before = world.endpoint().count();
    world.settle();
    ASSERT_EQ(world.endpoint().count(), before + 1);
    server = &world.endpoint().last();
    ASSERT_TRUE(server->opened());
  }

  [[nodiscard]] std::uint64_t closes(CloseReason reason) { return world.proxy.closes(1, reason); }

  [[nodiscard]] std::uint64_t connectionsNow() {
    return world.proxy.workerCell(WorkerCell::ConnectionsNow);
  }

  /// The counters say that one connection was there and ended for this reason, and nothing of it is
  /// left.
  void expectEnded(CloseReason reason) {
    EXPECT_EQ(closes(reason), 1U) << telemetry::closeReasonName(reason);
    EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpens), 1U);
    EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kOpenNow), 0U);
    EXPECT_EQ(world.proxy.endpointCell(1, 1, EndpointTcpCell::kOpenNow), 0U);
    EXPECT_EQ(connectionsNow(), 0U);
    EXPECT_EQ(world.proxy.workerCell(WorkerCell::BufferedBytesNow), 0U);
    EXPECT_EQ(world.proxy.worker().load(), 0U);
    const auto ended = world.proxy.sink().of(EventKind::ConnectionClosed);
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].numbers.at(4), static_cast<std::uint64_t>(reason));
  }

  MemoryProxy world;
  Peer* client = nullptr;
  Peer* server = nullptr;
};

}  // namespace weft::test
