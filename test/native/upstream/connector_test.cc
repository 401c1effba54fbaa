// A connector by itself: one answer, whatever happens; the endpoint that it holds is let go; what
// it opened is closed.
#include "upstream/connector.h"

#include <cerrno>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "upstream/hash_table_builder.h"
#include "upstream_ground.h"

namespace weft::upstream {
namespace {

using base::ErrorCode;
using telemetry::EndpointTcpCell;
using telemetry::WorkerCell;
using test::addressOf;
using test::Answer;

class ConnectorTest : public testing::Test, public ConnectorOwner, public os::Pollable {
 protected:
  ConnectorTest() {
    for (std::uint32_t i = 1; i <= 3; ++i) {
      config.endpoint(1, i, addressOf("10.0.1." + std::to_string(i) + ":90"));
      ground.listen(addressOf("10.0.1." + std::to_string(i) + ":90"));
    }
  }

  ~ConnectorTest() override { release(); }

  void onConnected(Connected result) noexcept override {
    ++answerCount;
    connected = std::move(result);
    connector.reset();
  }

  [[nodiscard]] std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                             base::MutableBytes into) noexcept override {
    const std::string_view header = version == snapshot::ProxyVersion::V1 ? "one" : "two";
    std::ranges::copy(base::bytesOf(header), into.begin());
    return header.size();
  }

  void onConnectFailed(const base::Error& failure, std::uint32_t attempts) noexcept override {
    ++answerCount;
    error = failure;
    attemptCount = attempts;
    connector.reset();
  }

  void onReady(os::Ready ready) noexcept override {
    if (connector != nullptr) {
      connector->onReady(ready);
    }
  }

  void start(std::optional<std::uint64_t> key = {}) {
    if (cluster == nullptr) {
      cluster = std::make_unique<ClusterRuntime>(
          ground.context, std::make_shared<const snapshot::Cluster>(config.cluster(1)), shared);
    }
    connector = std::make_unique<Connector>(ground.context, *cluster, snapshot::Direction::Outbound,
                                            *this, *this);
    connector->start(key);
  }

  /// Gives the connection back.
  void release() {
    if (connected) {
      cluster->released(*connected->endpoint);
      connected.reset();
    }
  }

  void answer(std::uint32_t endpoint, Answer how) {
    ground.network.setAnswer(addressOf("10.0.1." + std::to_string(endpoint) + ":90"), how);
  }

  [[nodiscard]] std::uint64_t cell(WorkerCell which) { return ground.table.worker().get(which); }

  UpstreamGround ground;
  test::SnapshotBuilder config;
  SharedCluster shared;
  std::unique_ptr<ClusterRuntime> cluster;
  std::unique_ptr<Connector> connector;
  std::optional<Connected> connected;
  base::Error error;
  std::uint32_t attemptCount = 0;
  int answerCount = 0;
};

TEST_F(ConnectorTest, HandsOverAnOpenConnection) {
  start();
  EXPECT_EQ(answerCount, 0) << "the answer comes with readiness";
  EXPECT_EQ(connector->endpoint()->id, base::EndpointId{1});
  ground.settle();
  ASSERT_TRUE(connected.has_value());
  EXPECT_EQ(connected->endpoint->id, base::EndpointId{1});
  EXPECT_EQ(connected->attemptCount, 1U);
  EXPECT_EQ(cluster->endpoints().at(base::EndpointId{1})->connectionsNow, 1U);
  EXPECT_EQ(cell(WorkerCell::ConnectAttempts), 1U);
  EXPECT_EQ(ground.poller.changeCount(), 1U) << "registered once, for good";
  EXPECT_FALSE(cluster->unused());
  release();
  EXPECT_TRUE(cluster->unused());
}

TEST_F(ConnectorTest, MeasuresHowLongItTook) {
  ground.network.setDelay(std::chrono::milliseconds(40));
  start();
  ground.advance(std::chrono::milliseconds(100));
  ASSERT_TRUE(connected.has_value());
  EXPECT_EQ(connected->connectTime, std::chrono::milliseconds(40));
}

TEST_F(ConnectorTest, LeavesOutTheTimeOfAttemptsThatFailed) {
  answer(1, Answer::Silence);
  start();
  ground.advance(std::chrono::seconds(2));
  ASSERT_TRUE(connected.has_value());
  EXPECT_NE(connected->endpoint->id, base::EndpointId{1});
  EXPECT_EQ(connected->attemptCount, 2U);
  EXPECT_LT(connected->connectTime, std::chrono::milliseconds(200));
}

TEST_F(ConnectorTest, TriesEachEndpointOnce) {
  for (std::uint32_t i = 1; i <= 3; ++i) {
    answer(i, Answer::Refused);
  }
  config.cluster(1).connectAttemptsMax = 8;
  start();
  ground.settle();
  EXPECT_EQ(answerCount, 1);
  EXPECT_EQ(error.code, ErrorCode::Refused);
  EXPECT_EQ(error.side, base::Side::Upstream);
  EXPECT_EQ(attemptCount, 3U);
  EXPECT_EQ(cell(WorkerCell::ConnectAttempts), 1U);
  EXPECT_EQ(cell(WorkerCell::ConnectRetries), 2U);
  EXPECT_EQ(ground.sockets.openCount(), 0U);
  EXPECT_TRUE(cluster->unused());
}

TEST_F(ConnectorTest, TriesTheEndpointsOfItsKeyInTheSameOrder) {
  config.cluster(1).balancer.type = snapshot::BalancerType::RingHash;
  config.cluster(1).hashTables = buildHashTables(config.cluster(1));
  std::optional<base::EndpointId> first;
  for (int i = 0; i < 10; ++i) {
    cluster = nullptr;
    start(12345);
    ground.settle();
    ASSERT_TRUE(connected.has_value());
    first = first.value_or(connected->endpoint->id);
    EXPECT_EQ(connected->endpoint->id, *first);
    release();
  }
}

TEST_F(ConnectorTest, TriesNoMoreThanItsArrayHolds) {
  for (std::uint32_t i = 4; i <= 20; ++i) {
    config.endpoint(1, i, addressOf("10.0.1." + std::to_string(i) + ":90"));
  }
  for (std::uint32_t i = 1; i <= 3; ++i) {
    answer(i, Answer::Refused);
  }
  config.cluster(1).connectAttemptsMax = 100;
  start();
  ground.settle();
  EXPECT_EQ(attemptCount, Connector::kAttemptsMax);
}

TEST_F(ConnectorTest, GivesEachAttemptTheWholeTimeout) {
  for (std::uint32_t i = 1; i <= 3; ++i) {
    answer(i, Answer::Silence);
  }
  start();
  ground.advance(std::chrono::milliseconds(2900));
  EXPECT_EQ(answerCount, 0);
  ground.advance(std::chrono::milliseconds(800));
  EXPECT_EQ(answerCount, 1);
  EXPECT_EQ(error.code, ErrorCode::Timeout);
  EXPECT_EQ(error.sysErrno, 0);
  EXPECT_EQ(attemptCount, 3U);
}

TEST_F(ConnectorTest, FailsAtOnceWithoutEndpoints) {
  config.cluster(1).endpoints.clear();
  start();
  EXPECT_EQ(answerCount, 1);
  EXPECT_EQ(error.code, ErrorCode::NoEndpoint);
  EXPECT_EQ(attemptCount, 0U);
}

TEST_F(ConnectorTest, StopsWhenDescriptorsRunOut) {
  ground.sockets.setDescriptorMax(0);
  start();
  EXPECT_EQ(answerCount, 1);
  EXPECT_EQ(error.code, ErrorCode::Exhausted);
  EXPECT_EQ(attemptCount, 1U);
  EXPECT_TRUE(cluster->unused());
  EXPECT_EQ(cluster->endpoints().at(base::EndpointId{1})->failureCount, 0U);
}

TEST_F(ConnectorTest, BlamesNoEndpointForALackOfLocalPorts) {
  ground.sockets.failCalls(
      [](test::Call call) { return call == test::Call::Connect ? EADDRNOTAVAIL : 0; });
  start();
  ground.settle();
  EXPECT_EQ(answerCount, 1);
  EXPECT_EQ(attemptCount, 3U);
  for (const auto& [id, endpoint] : cluster->endpoints()) {
    EXPECT_EQ(endpoint->failureCount, 0U);
  }
}

TEST_F(ConnectorTest, LetsGoOfEverythingWhenItIsDropped) {
  answer(1, Answer::Silence);
  start();
  ground.settle();
  connector.reset();
  EXPECT_TRUE(cluster->unused());
  EXPECT_EQ(ground.sockets.openCount(), 0U);
  ground.advance(std::chrono::seconds(5));
  EXPECT_EQ(answerCount, 0) << "nobody is answered";
}

TEST_F(ConnectorTest, CountsAsPendingFromItsStartToItsAnswer) {
  config.cluster(1).pendingMax = 1;
  shared.pending = std::make_shared<base::Gate>();
  answer(1, Answer::Silence);
  start();
  EXPECT_EQ(shared.pending->now(), 1U);
  ground.advance(std::chrono::milliseconds(1500));
  ASSERT_TRUE(connected.has_value()) << "by another endpoint";
  EXPECT_EQ(shared.pending->now(), 0U);
  release();
  for (std::uint32_t i = 1; i <= 3; ++i) {
    answer(i, Answer::Refused);
  }
  start();
  EXPECT_EQ(shared.pending->now(), 1U);
  ground.settle();
  EXPECT_EQ(answerCount, 2);
  EXPECT_EQ(shared.pending->now(), 0U);
  start();
  connector.reset();
  EXPECT_EQ(shared.pending->now(), 0U);
}

TEST_F(ConnectorTest, IsRefusedByTheLimitOfConnectsUnderWay) {
  config.cluster(1).pendingMax = 1;
  shared.pending = std::make_shared<base::Gate>();
  ASSERT_TRUE(shared.pending->enter(1));
  start();
  EXPECT_EQ(answerCount, 1);
  EXPECT_EQ(error.code, ErrorCode::PendingLimit);
  EXPECT_EQ(attemptCount, 0U);
  EXPECT_EQ(cell(WorkerCell::ConnectAttempts), 0U);
  EXPECT_EQ(shared.pending->now(), 1U);
}

TEST_F(ConnectorTest, SaysWhyTheLastAttemptFailedOrWhatStoodAgainstAnother) {
  config.cluster(1).endpointConnectionsMax = 1;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    shared.endpoints[base::EndpointId{i}] = std::make_shared<SharedEndpoint>();
    answer(i, Answer::Refused);
  }
  config.cluster(1).connectAttemptsMax = 8;
  start();
  ground.settle();
  EXPECT_EQ(error.code, ErrorCode::Refused) << "all were tried";
  cluster = nullptr;
  ASSERT_TRUE(shared.endpoints[base::EndpointId{2}]->connections.enter(1));
  ASSERT_TRUE(shared.endpoints[base::EndpointId{3}]->connections.enter(1));
  start();
  ground.settle();
  EXPECT_EQ(attemptCount, 1U);
  EXPECT_EQ(error.code, ErrorCode::EndpointLimit);
}

TEST_F(ConnectorTest, IgnoresReadinessThatSaysNothingOfTheConnect) {
  answer(1, Answer::Silence);
  start();
  connector->onReady({.bits = os::Ready::kReadable});
  EXPECT_EQ(answerCount, 0);
}

TEST_F(ConnectorTest, OutlivesTheRemovalOfTheEndpointThatItTries) {
  answer(1, Answer::Silence);
  start();
  config.removeEndpoint(1, 1);
  cluster->apply(std::make_shared<const snapshot::Cluster>(config.cluster(1)), shared);
  ground.advance(std::chrono::milliseconds(1500));
  ASSERT_TRUE(connected.has_value());
  EXPECT_NE(connected->endpoint->id, base::EndpointId{1});
  cluster->sweep();
  EXPECT_FALSE(cluster->uses(base::EndpointId{1}));
}

TEST_F(ConnectorTest, AvoidsAnEndpointOnlyUntilItsBackOffHasPassed) {
  answer(1, Answer::Refused);
  start();
  ground.settle();
  EXPECT_NE(connected->endpoint->id, base::EndpointId{1});
  release();
  answer(1, Answer::Listener);
  ground.advance(std::chrono::milliseconds(150));
  bool back = false;
  for (int i = 0; i < 4; ++i) {
    start();
    ground.settle();
    back = back || connected->endpoint->id == base::EndpointId{1};
    release();
  }
  EXPECT_TRUE(back);
}

}  // namespace
}  // namespace weft::upstream
