// Gates stay as long as what they count is configured and limited, whatever else changes.
#include "engine/gates.h"

#include <gtest/gtest.h>

#include "support/snapshots.h"

namespace weft::engine {
namespace {

using base::ClusterId;
using base::EndpointId;
using base::ListenerId;

class GatesTest : public testing::Test {
 protected:
  GatesTest() {
    config.listener(1);
    config.cluster(1);
    config.endpoint(1, 1, test::addressOf("10.0.1.1:90"));
    config.endpoint(1, 2, test::addressOf("10.0.1.2:90"));
  }

  void adopt() { gates.adopt(*config.build()); }

  [[nodiscard]] const upstream::ClusterGates& cluster() { return gates.cluster(ClusterId{1}); }

  test::SnapshotBuilder config;
  Gates gates;
};

TEST_F(GatesTest, AreNotThereWithoutALimit) {
  adopt();
  EXPECT_EQ(cluster().connections, nullptr);
  EXPECT_EQ(cluster().pending, nullptr);
  EXPECT_EQ(cluster().endpoint(EndpointId{1}), nullptr);
  EXPECT_NE(gates.listener(ListenerId{1}), nullptr);
}

TEST_F(GatesTest, StayWhileTheirLimitDoes) {
  config.cluster(1).connectionsMax = 5;
  config.cluster(1).pendingMax = 5;
  config.cluster(1).endpointConnectionsMax = 5;
  adopt();
  const upstream::ClusterGates before = cluster();
  const auto listener = gates.listener(ListenerId{1});
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
  EXPECT_EQ(gates.cluster(ClusterId{2}).connections, nullptr);
  EXPECT_EQ(gates.listener(ListenerId{1}), listener);
}

TEST_F(GatesTest, AreSharedByCopies) {
  config.cluster(1).connectionsMax = 5;
  adopt();
  const Gates copy = gates;
  EXPECT_EQ(copy.cluster(ClusterId{1}).connections, cluster().connections);
}

}  // namespace
}  // namespace weft::engine
