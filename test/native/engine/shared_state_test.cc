// What is shared stays as long as what they count is configured and limited, whatever else changes.
#include "engine/shared_state.h"

#include <gtest/gtest.h>

#include "support/snapshots.h"

namespace weft::engine {
namespace {

using base::ClusterId;
using base::EndpointId;
using base::ListenerId;

class SharedStateTest : public testing::Test {
 protected:
  SharedStateTest() {
    config.listener(1);
    config.cluster(1);
    config.endpoint(1, 1, test::addressOf("10.0.1.1:90"));
    config.endpoint(1, 2, test::addressOf("10.0.1.2:90"));
  }

  void adopt() { state.adopt(*config.build()); }

  [[nodiscard]] const upstream::SharedCluster& cluster() { return state.cluster(ClusterId{1}); }

  test::SnapshotBuilder config;
  SharedState state;
};

TEST_F(SharedStateTest, AreNotThereWithoutALimit) {
  adopt();
  EXPECT_EQ(cluster().connections, nullptr);
  EXPECT_EQ(cluster().pending, nullptr);
  EXPECT_EQ(cluster().endpoint(EndpointId{1}), nullptr);
  EXPECT_NE(state.listener(ListenerId{1}), nullptr);
}

TEST_F(SharedStateTest, StayWhileTheirLimitDoes) {
  config.cluster(1).connectionsMax = 5;
  config.cluster(1).pendingMax = 5;
  config.cluster(1).endpointConnectionsMax = 5;
  adopt();
  const upstream::SharedCluster before = cluster();
  const auto listener = state.listener(ListenerId{1});
  EXPECT_NE(before.connections, before.pending);
  EXPECT_NE(before.endpoint(EndpointId{1}), before.endpoint(EndpointId{2}));
  config.cluster(1).connectionsMax = 6;
  config.cluster(1).pendingMax = {};
  config.removeEndpoint(1, 2);
  config.endpoint(1, 3, test::addressOf("10.0.1.3:90"));
  config.cluster(2);
  adopt();
  EXPECT_EQ(cluster().connections, before.connections);
  EXPECT_EQ(cluster().pending, nullptr);
  EXPECT_EQ(cluster().endpoint(EndpointId{1}), before.endpoint(EndpointId{1}));
  EXPECT_EQ(cluster().endpoint(EndpointId{2}), nullptr);
  EXPECT_NE(cluster().endpoint(EndpointId{3}), nullptr);
  EXPECT_EQ(state.cluster(ClusterId{2}).connections, nullptr);
  EXPECT_EQ(state.listener(ListenerId{1}), listener);
}

TEST_F(SharedStateTest, AreSharedByCopies) {
  config.cluster(1).connectionsMax = 5;
  adopt();
  const SharedState copy = state;
  EXPECT_EQ(copy.cluster(ClusterId{1}).connections, cluster().connections);
}

}  // namespace
}  // namespace weft::engine
