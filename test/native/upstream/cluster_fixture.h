// The fixture of tests of one cluster in one worker: its endpoints fail, and are picked.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "upstream/cluster_runtime.h"
#include "upstream_ground.h"

namespace weft::upstream {

inline constexpr snapshot::Direction kOut = snapshot::Direction::Outbound;

class ClusterTest : public testing::Test {
 protected:
  [[nodiscard]] static base::Address addressAt(std::uint32_t number) {
    return test::addressOf("10.0.1." + std::to_string(number) + ":90");
  }

  [[nodiscard]] std::shared_ptr<const snapshot::Cluster> settings() {
    return std::make_shared<const snapshot::Cluster>(config.cluster(1));
  }

  [[nodiscard]] Endpoint& at(std::uint32_t number) {
    return *cluster->endpoints().at(base::EndpointId{number});
  }

  /// A failed connect, as a connector reports it.
  void fail(std::uint32_t number, int sysErrno = ECONNREFUSED) {
    ASSERT_EQ(cluster->acquireAt(at(number), kOut), nullptr);
    cluster->connectFailed(at(number), kOut,
                           base::errorFromErrno(sysErrno, base::Side::Upstream, "cannot connect"));
    cluster->released(at(number));
  }

  /// How many of so many picks give each endpoint, by its number; 0: none was given.
  [[nodiscard]] std::vector<int> countPicks(int count, std::size_t numbersMax) {
    std::vector<int> counts(numbersMax);
    for (int i = 0; i < count; ++i) {
      const auto picked = cluster->acquire({}, kOut);
      ++counts.at(picked.ok() ? picked.value()->id.number : 0);
      if (picked.ok()) {
        cluster->released(*picked.value());
      }
    }
    return counts;
  }

  UpstreamGround ground;
  test::SnapshotBuilder config;
  SharedCluster shared;
  std::unique_ptr<ClusterRuntime> cluster;
};

}  // namespace weft::upstream
