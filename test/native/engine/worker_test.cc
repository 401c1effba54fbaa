// A worker's mail, its dump, and its end. In memory.
#include "engine/worker.h"

#include <memory>

#include <gtest/gtest.h>

#include "support/memory_proxy.h"

namespace weft::test {
namespace {

using engine::DumpKind;
using engine::DumpResult;
using engine::Worker;
using telemetry::CloseReason;

class WorkerTest : public testing::Test {
 protected:
  Peer& open() {
    Peer& client = world.connect();
    client.send("12345");
    world.settle();
    return client;
  }

  [[nodiscard]] DumpResult dump(DumpKind kind, std::uint32_t countMax = 100,
                                engine::ConnectionFilter filter = {}) {
    DumpResult result;
    world.proxy.worker().dump({.kind = kind, .countMax = countMax, .filter = std::move(filter)},
                              result);
    return result;
  }

  MemoryProxy world;
};

TEST_F(WorkerTest, RunsTasksInTheirOrderOnItsTurn) {
  std::string log;
  Worker& worker = world.proxy.worker();
  EXPECT_TRUE(worker.post([&log](Worker&) { log += 'a'; }));
  EXPECT_TRUE(worker.post([&log](Worker& own) {
    log += 'b';
    own.post([&log](Worker&) { log += 'd'; });
  }));
  EXPECT_TRUE(worker.post([&log](Worker&) { log += 'c'; }));
  EXPECT_EQ(log, "");
  world.proxy.turn();
  EXPECT_EQ(log, "abc");
  world.proxy.turn();
  EXPECT_EQ(log, "abcd");
}

TEST_F(WorkerTest, TakesConnectionsBeforeTheTasksThatWerePostedAfterThem) {
  Peer& client = world.connect();
  // The acceptor's own call, so that the connection is in nobody's hands but ours.
  os::Accepted accepted = world.sockets.accept(3);
  ASSERT_NE(accepted.fd, os::kNoFd);
  ASSERT_TRUE(world.proxy.worker().postConnection(base::ListenerId{1}, accepted));
  EXPECT_EQ(world.proxy.worker().load(), 1U) << "on its way counts";
  std::size_t seen = 0;
  world.proxy.worker().post([&seen](Worker& worker) {
    DumpResult result;
    worker.dump({.kind = DumpKind::Connections, .countMax = 10, .filter = {}}, result);
    seen = result.connections.size();
  });
  world.proxy.turn();
  EXPECT_EQ(seen, 1U);
  client.send("x");
  world.settle();
  EXPECT_EQ(world.endpoint().at(0).received(), "x");
}

TEST_F(WorkerTest, ResetsAConnectionOfAListenerThatItNeverKnew) {
  Peer& client = world.connect();
  os::Accepted accepted = world.sockets.accept(3);
  ASSERT_TRUE(world.proxy.worker().postConnection(base::ListenerId{99}, accepted));
  world.settle();
  EXPECT_NE(client.failure(), 0);
  EXPECT_EQ(world.proxy.worker().load(), 0U);
  EXPECT_EQ(world.sockets.openCount(), 1U);
}

TEST_F(WorkerTest, RefusesTasksAndAnswersThoseThatWaitOnceItHasStopped) {
  const auto held = std::make_shared<int>(1);
  Worker& worker = world.proxy.worker();
  worker.post([](Worker& own) { own.stop(); });
  worker.post([held](Worker&) {});
  EXPECT_FALSE(worker.turn());
  EXPECT_FALSE(worker.post([held](Worker&) {}));
  worker.dropMail();
  EXPECT_EQ(held.use_count(), 1) << "nobody keeps what they were given";
}

TEST_F(WorkerTest, DropsTasksThatCameTooLate) {
  const auto held = std::make_shared<int>(1);
  Worker& worker = world.proxy.worker();
  worker.post([held](Worker&) { FAIL() << "it was to be dropped"; });
  worker.stop();
  worker.dropMail();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(WorkerTest, ResetsConnectionsThatWereOnTheirWayWhenItStopped) {
  Peer& client = world.connect();
  os::Accepted accepted = world.sockets.accept(3);
  ASSERT_TRUE(world.proxy.worker().postConnection(base::ListenerId{1}, accepted));
  world.proxy.stop();
  while (world.around().step()) {
  }
  EXPECT_NE(client.failure(), 0);
  EXPECT_EQ(world.sockets.openCount(), 0U);
}

TEST_F(WorkerTest, DumpsItsConnections) {
  Peer& client = open();
  world.endpoint().at(0).send("123");
  world.settle();
  world.advance(std::chrono::milliseconds(1500));
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Silence);
  open();
  const DumpResult result = dump(DumpKind::Connections);
  ASSERT_EQ(result.connections.size(), 2U);
  EXPECT_FALSE(result.truncated);
  const auto& first = result.connections[0];
  EXPECT_EQ(first.worker, 0U);
  EXPECT_EQ(first.connectionId, base::ConnectionId{0});
  EXPECT_EQ(first.listenerId, base::ListenerId{1});
  EXPECT_EQ(first.clusterId, base::ClusterId{1});
  EXPECT_EQ(first.endpointId, base::EndpointId{1});
  EXPECT_EQ(first.state, engine::ConnectionState::Open);
  EXPECT_TRUE(first.downstreamAddress.starts_with("10.0.0.1:")) << first.downstreamAddress;
  EXPECT_EQ(first.upstreamAddress, "10.0.1.1:90");
  EXPECT_EQ(first.ageMs, 1500U);
  EXPECT_EQ(first.idleMs, 1500U);
  EXPECT_EQ(first.downstreamReadBytes, 5U);
  EXPECT_EQ(first.upstreamReadBytes, 3U);
  EXPECT_EQ(first.bufferedBytes, 0U);
  EXPECT_FALSE(first.spliced);
  const auto& second = result.connections[1];
  EXPECT_EQ(second.state, engine::ConnectionState::Connecting);
  EXPECT_EQ(second.endpointId, base::EndpointId{1});
  EXPECT_EQ(second.ageMs, 0U);
  EXPECT_EQ(client.received(), "123");
}

TEST_F(WorkerTest, DumpsWhatAConnectionHoldsAndHow) {
  Peer& client = open();
  world.endpoint().at(0).setReadMax(0);
  client.send(patternBytes(1'500'000));
  world.settle();
  const DumpResult result = dump(DumpKind::Connections);
  ASSERT_EQ(result.connections.size(), 1U);
  EXPECT_GT(result.connections[0].bufferedBytes, 0U);
  client.reset();
  world.once();
  const DumpResult closing = dump(DumpKind::Connections);
  if (!closing.connections.empty()) {
    EXPECT_NE(closing.connections[0].state, engine::ConnectionState::Connecting);
  }
}

TEST_F(WorkerTest, DumpsNoMoreThanAsked) {
  for (int i = 0; i < 5; ++i) {
    open();
  }
  EXPECT_EQ(dump(DumpKind::Connections, 3).connections.size(), 3U);
  EXPECT_TRUE(dump(DumpKind::Connections, 3).truncated);
  EXPECT_FALSE(dump(DumpKind::Connections, 5).truncated);
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.publish();
  EXPECT_EQ(dump(DumpKind::Clusters, 1).endpoints.size(), 1U);
  EXPECT_TRUE(dump(DumpKind::Clusters, 1).truncated);
}

TEST_F(WorkerTest, DumpsTheConnectionsThatAFilterWants) {
  open();
  world.advance(std::chrono::seconds(10));
  open();
  using Filter = engine::ConnectionFilter;
  const auto shown = [this](const auto& change, std::uint32_t countMax = 100) {
    Filter filter;
    change(filter);
    return dump(DumpKind::Connections, countMax, std::move(filter));
  };
  const auto count = [&](const auto& change) { return shown(change).connections.size(); };
  const auto at = [&](const char* address) {
    return count([address](Filter& filter) { filter.address = address; });
  };
  const auto listener = [&](std::uint32_t id) {
    return count([id](Filter& filter) { filter.listenerIds = std::vector{base::ListenerId{id}}; });
  };
  const auto older = [](Filter& filter) { filter.ageMsMin = 10'000; };
  const auto open = [](Filter& filter) { filter.state = engine::ConnectionState::Open; };
  EXPECT_EQ(count([](Filter&) {}), 2U);
  EXPECT_EQ(listener(1), 2U);
  EXPECT_EQ(listener(2), 0U);
  EXPECT_EQ(count([](Filter& filter) { filter.listenerIds.emplace(); }), 0U) << "none at all";
  EXPECT_EQ(count([](Filter& filter) {
              filter.clusterIds = std::vector{base::ClusterId{7}, base::ClusterId{1}};
            }),
            2U);
  EXPECT_EQ(count([](Filter& filter) { filter.clusterIds = std::vector{base::ClusterId{7}}; }), 0U);
  EXPECT_EQ(count(open), 2U);
  EXPECT_EQ(count([](Filter& filter) { filter.state = engine::ConnectionState::Connecting; }), 0U);
  EXPECT_EQ(count([](Filter& filter) { filter.protocol = snapshot::Protocol::Opaque; }), 2U);
  EXPECT_EQ(count([](Filter& filter) { filter.protocol = snapshot::Protocol::Tls; }), 0U);
  EXPECT_EQ(count(older), 1U);
  EXPECT_EQ(at("10.0.1.1"), 2U) << "of the endpoint";
  EXPECT_EQ(at("10.0.1.1:90"), 2U);
  EXPECT_EQ(at("10.0.0.1"), 2U) << "of the client";
  EXPECT_EQ(at("10.0.1"), 0U) << "not the beginning of a number";
  EXPECT_EQ(at("10.0.1.1:9"), 0U);
  EXPECT_FALSE(shown(older, 1).truncated) << "what a filter leaves out is not cut";
  EXPECT_TRUE(shown(open, 1).truncated);
}

TEST_F(WorkerTest, DumpsWhatWasLearnedOfItsEndpoints) {
  open();
  world.network.setAnswer(addressOf("10.0.1.2:90"), Answer::Refused);
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.publish();
  open();
  open();
  const DumpResult result = dump(DumpKind::Clusters);
  ASSERT_EQ(result.endpoints.size(), 2U);
  for (const engine::EndpointDump& endpoint : result.endpoints) {
    const bool dead = endpoint.endpointId == base::EndpointId{2};
    EXPECT_EQ(endpoint.worker, 0U);
    EXPECT_EQ(endpoint.clusterId, base::ClusterId{1});
    EXPECT_EQ(endpoint.available, !dead);
    EXPECT_EQ(endpoint.failureCount, dead ? 1U : 0U);
    EXPECT_EQ(endpoint.connectionsNow, dead ? 0U : 3U);
  }
}

}  // namespace
}  // namespace weft::test
