// Gates: the counts behind limits that all workers share. A gate stays as long as what it counts is
// in the configuration and limited. Copies share the gates; whoever publishes owns the original.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/gate.h"
#include "base/ids.h"
#include "snapshot/snapshot.h"
#include "upstream/limit.h"

namespace weft::engine {

class Gates {
 public:
  /// Costs what changed, and the number of listeners and clusters.
  void adopt(const snapshot::Snapshot& next);

  /// REQUIRES: the listener is in the adopted snapshot.
  [[nodiscard]] const std::shared_ptr<base::Gate>& listener(base::ListenerId id) const {
    return listeners_.at(id);
  }

  /// Of a cluster in the adopted snapshot.
  [[nodiscard]] const upstream::ClusterGates& cluster(base::ClusterId id) const {
    return *clusters_.at(id).gates;
  }

 private:
  struct OfCluster {
    std::uint64_t revision = 0;
    std::shared_ptr<const upstream::ClusterGates> gates;
  };

  std::unordered_map<base::ListenerId, std::shared_ptr<base::Gate>> listeners_;
  std::unordered_map<base::ClusterId, OfCluster> clusters_;
};

}  // namespace weft::engine
