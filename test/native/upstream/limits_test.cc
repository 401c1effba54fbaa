// Limits of a cluster: connections, connects under way, connections of one endpoint. Other workers
// are played by entering the shared gates.
#include <algorithm>
#include <chrono>
#include <vector>

#include "cluster_fixture.h"
#include "telemetry/close_reason.h"
#include "upstream/limit.h"

namespace weft::upstream {
namespace {

using base::ErrorCode;
using telemetry::CloseReason;
using telemetry::ClusterCell;
using telemetry::EventKind;

class LimitsTest : public ClusterTest {
 protected:
  LimitsTest() {
    for (std::uint32_t number = 1; number <= 3; ++number) {
      config.endpoint(1, number, addressAt(number));
    }
    config.cluster(1).ejection = snapshot::Ejection{.consecutiveFailures = 1,
                                                    .earlyClose = {},
                                                    .consecutiveEarlyCloses = 1,
                                                    .baseTime = std::chrono::seconds(1),
                                                    .maxTime = std::chrono::seconds(10),
                                                    .sharePercentMax = 50,
                                                    .panicPercent = 0};
  }

  ~LimitsTest() override {
    for (Endpoint* endpoint : held) {
      cluster->released(*endpoint);
    }
  }

  /// With new gates where there was no limit, as the engine makes them.
  void apply() {
    const snapshot::Cluster& wanted = config.cluster(1);
    const auto gateFor = [](bool limited, std::shared_ptr<base::Gate> present) {
      present = present == nullptr ? std::make_shared<base::Gate>() : present;
      return limited ? present : nullptr;
    };
    shared.connections = gateFor(wanted.connectionsMax.has_value(), shared.connections);
    shared.pending = gateFor(wanted.pendingMax.has_value(), shared.pending);
    for (std::uint32_t number = 1; number <= 3; ++number) {
      const base::EndpointId id{number};
      if (!wanted.endpointConnectionsMax) {
        shared.endpoints.erase(id);
      } else if (shared.endpoint(id) == nullptr) {
        shared.endpoints[id] = std::make_shared<SharedEndpoint>();
      }
    }
    if (cluster == nullptr) {
      cluster = std::make_unique<ClusterRuntime>(ground.context, settings(), shared);
    } else {
      cluster->apply(settings(), shared);
    }
  }

  /// The number of the endpoint that one more connection gets; 0: none.
  std::uint32_t take(std::vector<base::EndpointId> tried = {}) {
    const auto got = cluster->acquire({.tried = tried}, kOut);
    if (!got.ok()) {
      refusal = got.error().code;
      return 0;
    }
    held.push_back(got.value());
    return got.value()->id.number;
  }

  /// Ends one of the connections to the endpoint.
  void end(std::uint32_t number) {
    const auto found = std::ranges::find(held, &at(number));
    ASSERT_NE(found, held.end());
    held.erase(found);
    cluster->released(at(number));
  }

  [[nodiscard]] base::Gate& gateOf(std::uint32_t number) {
    return shared.endpoint(base::EndpointId{number})->connections;
  }

  [[nodiscard]] std::uint64_t cell(std::size_t index) {
    return ground.table.run({.kind = telemetry::RunKind::Cluster, .ids = {1, 0, 0, 0, 0}})
        .get(index);
  }

  std::vector<Endpoint*> held;
  ErrorCode refusal{};
};

TEST_F(LimitsTest, ConnectionsOfTheClusterAreExactlyItsMaximum) {
  config.cluster(1).connectionsMax = 3;
  apply();
  EXPECT_NE(take(), 0U);
  EXPECT_NE(take(), 0U);
  const std::uint32_t last = take();
  EXPECT_NE(last, 0U);
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(refusal, ErrorCode::ClusterLimit);
  EXPECT_EQ(cell(ClusterCell::kConnectionsRefused), 1U);
  end(last);
  EXPECT_NE(take(), 0U);
  EXPECT_EQ(take(), 0U);
}

TEST_F(LimitsTest, ConnectionsOfOtherWorkersCount) {
  config.cluster(1).connectionsMax = 2;
  apply();
  ASSERT_TRUE(shared.connections->enter(2));
  EXPECT_NE(take(), 0U);
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(shared.connections->now(), 2U);
  shared.connections->leave();
  EXPECT_NE(take(), 0U);
}

TEST_F(LimitsTest, AreToldOnceUntilThereWasRoomAgain) {
  config.cluster(1).connectionsMax = 1;
  apply();
  const std::uint32_t number = take();
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(take(), 0U);
  auto told = ground.events.of(EventKind::LimitReached);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].numbers.at(0), static_cast<std::uint64_t>(CloseReason::ClusterLimit));
  EXPECT_EQ(told[0].numbers.at(1), base::ListenerId::kNone);
  EXPECT_EQ(told[0].numbers.at(2), 1U);
  end(number);
  EXPECT_NE(take(), 0U);
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(ground.events.of(EventKind::LimitReached).size(), 2U);
}

TEST_F(LimitsTest, ALimitCountsWhoCameBeforeIt) {
  apply();
  take();
  take();
  config.cluster(1).connectionsMax = 4;
  config.cluster(1).endpointConnectionsMax = 1;
  apply();
  EXPECT_EQ(shared.connections->now(), 2U);
  EXPECT_NE(take(), 0U);
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(refusal, ErrorCode::EndpointLimit);
  config.cluster(1).endpointConnectionsMax = 9;
  apply();
  EXPECT_NE(take(), 0U);
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(refusal, ErrorCode::ClusterLimit);
  config.cluster(1).connectionsMax = {};
  const auto gate = shared.connections;
  apply();
  EXPECT_EQ(gate->now(), 0U) << "whoever shares the gate is not held up by those without a limit";
  EXPECT_NE(take(), 0U);
}

TEST_F(LimitsTest, ALoweredLimitLetsNobodyInUntilEnoughHaveLeft) {
  config.cluster(1).connectionsMax = 3;
  apply();
  const std::uint32_t first = take();
  const std::uint32_t second = take();
  take();
  config.cluster(1).connectionsMax = 2;
  apply();
  EXPECT_EQ(take(), 0U);
  end(first);
  EXPECT_EQ(take(), 0U);
  end(second);
  EXPECT_NE(take(), 0U);
}

TEST_F(LimitsTest, EndpointsWithoutRoomAreLeftOut) {
  config.cluster(1).endpointConnectionsMax = 2;
  apply();
  std::vector<int> counts(4);
  for (int i = 0; i < 6; ++i) {
    ++counts.at(take());
  }
  EXPECT_EQ(counts, (std::vector<int>{0, 2, 2, 2}));
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(refusal, ErrorCode::EndpointLimit);
  EXPECT_EQ(cell(ClusterCell::kEndpointsRefused), 1U);
  end(2);
  EXPECT_EQ(take(), 2U) << "at once: this worker knows";
  EXPECT_EQ(take(), 0U);
}

TEST_F(LimitsTest, AnEndpointThatOthersFillIsNotRefusedFor) {
  config.cluster(1).endpointConnectionsMax = 1;
  apply();
  ASSERT_TRUE(gateOf(1).enter(1));
  ASSERT_TRUE(gateOf(3).enter(1));
  EXPECT_EQ(take(), 2U);
  EXPECT_EQ(take(), 0U);
  gateOf(3).leave();
  EXPECT_EQ(take(), 3U) << "asked again before it is turned away";
  EXPECT_EQ(take(), 0U);
}

TEST_F(LimitsTest, AnEndpointThatOthersLeaveIsPickedAgainSoon) {
  config.cluster(1).endpointConnectionsMax = 5;
  apply();
  gateOf(1).admit(5);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(take(), 1U);
  }
  gateOf(1).leave(5);
  ground.advance(std::chrono::milliseconds(11));
  std::vector<int> counts(4);
  for (int i = 0; i < 3; ++i) {
    ++counts.at(take());
  }
  EXPECT_GT(counts.at(1), 0);
}

TEST_F(LimitsTest, WhatIsEjectedDoesNotStandInForWhatIsFull) {
  config.cluster(1).endpointConnectionsMax = 1;
  apply();
  fail(1);
  ASSERT_TRUE(at(1).ejected);
  EXPECT_NE(take(), 1U);
  EXPECT_NE(take(), 1U);
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(refusal, ErrorCode::EndpointLimit);
  EXPECT_EQ(cell(ClusterCell::kExcludedPicks), 0U);
}

TEST_F(LimitsTest, WhoTriedAllThatHaveRoomHasNoEndpoint) {
  config.cluster(1).endpointConnectionsMax = 1;
  apply();
  EXPECT_EQ(take({base::EndpointId{1}, base::EndpointId{2}, base::EndpointId{3}}), 0U);
  EXPECT_EQ(refusal, ErrorCode::NoEndpoint);
  EXPECT_EQ(cell(ClusterCell::kEndpointsRefused), 0U);
}

TEST_F(LimitsTest, AnEndpointThatComesBackFromRemovalCountsItsOldConnections) {
  config.cluster(1).endpointConnectionsMax = 1;
  apply();
  while (held.size() < 3) {
    ASSERT_NE(take(), 0U);
  }
  config.removeEndpoint(1, 2);
  apply();
  config.endpoint(1, 2, addressAt(2));
  shared.endpoints.erase(base::EndpointId{2});
  apply();
  EXPECT_EQ(gateOf(2).now(), 1U);
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(refusal, ErrorCode::EndpointLimit);
}

TEST_F(LimitsTest, ConnectsUnderWayAreCountedAndShown) {
  config.cluster(1).pendingMax = 2;
  apply();
  EXPECT_EQ(cluster->beginConnect(), nullptr);
  EXPECT_EQ(cluster->beginConnect(), nullptr);
  EXPECT_EQ(cell(ClusterCell::kPendingNow), 2U);
  const base::Error* error = cluster->beginConnect();
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, ErrorCode::PendingLimit);
  EXPECT_EQ(cell(ClusterCell::kPendingRefused), 1U);
  cluster->endConnect();
  EXPECT_EQ(cell(ClusterCell::kPendingNow), 1U);
  EXPECT_EQ(cluster->beginConnect(), nullptr);
  cluster->endConnect();
  cluster->endConnect();
  EXPECT_EQ(shared.pending->now(), 0U);
}

}  // namespace
}  // namespace weft::upstream
