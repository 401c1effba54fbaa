// SnapshotBuilder: a configuration that tests change step by step, and the snapshots of it.
#pragma once

#include <memory>
#include <vector>

#include "snapshot/route.h"
#include "snapshot/snapshot.h"

namespace weft::test {

class SnapshotBuilder {
 public:
  SnapshotBuilder();

  /// Listener `number`, made with generous settings when it is new, towards cluster 1.
  snapshot::Listener& listener(std::uint32_t number);

  /// Cluster `number`, made with generous settings when it is new.
  snapshot::Cluster& cluster(std::uint32_t number);

  /// The routes of a listener, which get ids by their places.
  void setRoutes(std::uint32_t listenerNumber, std::vector<snapshot::HttpRule> rules);

  /// Adds endpoint `number` to a cluster.
  void endpoint(std::uint32_t clusterNumber, std::uint32_t number, const base::Address& address);

  void removeListener(std::uint32_t number);
  void removeCluster(std::uint32_t number);
  void removeEndpoint(std::uint32_t clusterNumber, std::uint32_t number);

  /// What is edited here goes into the next build: limits, drain timeout, released runs (for one
  /// build only).
  snapshot::Snapshot next;

  /// The next revision. Every cluster is taken as changed.
  [[nodiscard]] std::shared_ptr<const snapshot::Snapshot> build();

 private:
  std::vector<snapshot::Listener> listeners_;
  std::vector<snapshot::Cluster> clusters_;
  std::uint64_t routesRevision_ = 0;
};

/// '10.0.0.1:80', 'unix:/a'; the program ends when the text is wrong.
[[nodiscard]] base::Address addressOf(std::string_view text);

}  // namespace weft::test
