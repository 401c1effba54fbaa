// SharedState: what all workers share of listeners and clusters: the counts behind limits, and the
// health of endpoints. It stays as long as what it is about is in the configuration. Copies share
// it; whoever publishes owns the original.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/gate.h"
#include "base/ids.h"
#include "snapshot/snapshot.h"
#include "upstream/shared_cluster.h"

namespace weft::engine {

class SharedState {
 public:
  /// Costs what changed, and the number of listeners and clusters.
  void adopt(const snapshot::Snapshot& next);

  /// REQUIRES: the listener is in the adopted snapshot.
  [[nodiscard]] const std::shared_ptr<base::Gate>& listener(base::ListenerId id) const {
    return listeners_.at(id);
  }

  /// REQUIRES: the cluster is in the adopted snapshot.
  [[nodiscard]] const upstream::SharedCluster& cluster(base::ClusterId id) const {
    return *clusters_.at(id).state;
  }

 private:
  struct OfCluster {
    std::uint64_t revision = 0;
    std::shared_ptr<const upstream::SharedCluster> state;
  };

  std::unordered_map<base::ListenerId, std::shared_ptr<base::Gate>> listeners_;
  std::unordered_map<base::ClusterId, OfCluster> clusters_;
};

}  // namespace weft::engine
