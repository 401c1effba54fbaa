// Worker::apply: the old snapshot and the new one -> what opens, what stays, what drains. Clusters
// come before the listeners that point at them.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "engine/shared_state.h"
#include "engine/worker.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "snapshot/snapshot.h"
#include "telemetry/cell_table.h"
#include "telemetry/cells.h"

namespace weft::engine {

namespace {

using telemetry::RunKind;
using telemetry::WorkerCell;

/// A part of a limit of the process; at least one, unless there is to be nothing.
template <typename Number>
Number share(Number limit, std::uint32_t workerCount) noexcept {
  return limit == 0 ? 0 : std::max<Number>(limit / workerCount, 1);
}

/// Takes the entries that the new snapshot does not name out of `present`, and returns them.
template <typename Map, typename Wanted>
std::vector<typename Map::mapped_type> takeUnnamed(Map& present, const Wanted& wanted) {
  std::unordered_set<typename Map::key_type> named;
  for (const auto& entry : wanted) {
    named.insert(entry->id);
  }
  std::vector<typename Map::mapped_type> unnamed;
  for (auto entry = present.begin(); entry != present.end();) {
    if (named.contains(entry->first)) {
      ++entry;
    } else {
      unnamed.push_back(std::move(entry->second));
      entry = present.erase(entry);
    }
  }
  return unnamed;
}

}  // namespace

void Worker::apply(const std::shared_ptr<const snapshot::Snapshot>& next,
                   const SharedState& shared) {
  const snapshot::Limits& limits = next->limits;
  connections_.setConnectionsMax(limits.connectionsMax);
  connections_.setRequestsMax(share(limits.requestsMax, parts_.workerCount));
  connections_.setMirrorsMax(share(limits.mirrorsMax, parts_.workerCount));
  buffers_.setBytesMax(share(limits.bufferedBytesMax, parts_.workerCount));
  // A limit of zero turns splicing off.
  pipes_.setLimits(share(limits.pipeCountMax, parts_.workerCount), limits.pipeBytes);
  applyClusters(*next, shared);
  applyListeners(*next, shared);
  releaseRuns(*next);
  snapshot_ = next;
  context_.workerCells().set(WorkerCell::AppliedRevision, next->revision);
  armHousekeeping();
}

void Worker::applyClusters(const snapshot::Snapshot& next, const SharedState& shared) {
  for (auto& cluster : takeUnnamed(clusters_, next.clusters)) {
    cluster->remove();
    removedClusters_.push_back(std::move(cluster));
  }
  for (const std::shared_ptr<const snapshot::Cluster>& wanted : next.clusters) {
    std::unique_ptr<upstream::ClusterRuntime>& cluster = clusters_[wanted->id];
    if (cluster == nullptr) {
      cluster = std::make_unique<upstream::ClusterRuntime>(upstreamContext_, wanted,
                                                           shared.cluster(wanted->id));
    } else if (cluster->settings().revision != wanted->revision) {
      cluster->apply(wanted, shared.cluster(wanted->id));
    }
  }
}

void Worker::applyListeners(const snapshot::Snapshot& next, const SharedState& shared) {
  for (auto& listener : takeUnnamed(listeners_, next.listeners)) {
    listener->remove(loop_.now());
    removedListeners_.push_back(std::move(listener));
  }
  for (const std::shared_ptr<const snapshot::Listener>& wanted : next.listeners) {
    std::unique_ptr<proxy::Listener>& listener = listeners_[wanted->id];
    if (listener == nullptr) {
      listener =
          std::make_unique<proxy::Listener>(parts_.cellTable, shared.listener(wanted->id), wanted);
    }
    listener->apply(wanted, clusters_, parts_.workerCount);
    if (wanted->transparent) {
      listener->applyClaims(next.destinations);
    }
  }
  if (!removedListeners_.empty()) {
    connections_.drainRemoved();
  }
}

/// TypeScript lets go of runs whose listener or endpoint left the configuration; one that is still
/// in use stays taken, and is offered again.
void Worker::releaseRuns(const snapshot::Snapshot& next) {
  for (const snapshot::ReleasedRun& released : next.releasedRuns) {
    if (released.worker == parts_.index && !runInUse(parts_.cellTable.keyOf(released.run))) {
      static_cast<void>(parts_.cellTable.release(released.run, released.generation));
    }
  }
}

bool Worker::runInUse(const telemetry::RunKey& key) const {
  const auto listenerInUse = [this](std::uint32_t number) {
    return listeners_.contains(base::ListenerId{number}) ||
           std::ranges::any_of(removedListeners_, [number](const auto& listener) {
             return listener->settings().id.number == number;
           });
  };
  const auto clusterInUse = [this](std::uint32_t number) {
    return clusters_.contains(base::ClusterId{number}) ||
           std::ranges::any_of(removedClusters_, [number](const auto& cluster) {
             return cluster->settings().id.number == number;
           });
  };
  const auto endpointInUse = [this](std::uint32_t clusterNumber, std::uint32_t endpointNumber) {
    const base::EndpointId endpoint{endpointNumber};
    const auto found = clusters_.find(base::ClusterId{clusterNumber});
    return (found != clusters_.end() && found->second->uses(endpoint)) ||
           std::ranges::any_of(removedClusters_, [&](const auto& cluster) {
             return cluster->settings().id.number == clusterNumber && cluster->uses(endpoint);
           });
  };
  switch (key.kind) {
    case RunKind::Overflow:
      return true;
    case RunKind::ListenerTcp:
      return listenerInUse(key.ids[0]);
    case RunKind::HttpRequest:
    case RunKind::HttpResponse:
    case RunKind::EndpointTcp:
      return endpointInUse(key.ids[1], key.ids[2]);
    case RunKind::Cluster:
      return clusterInUse(key.ids[0]);
    case RunKind::CloseErrno:
      return key.ids[0] == 0 ? listenerInUse(key.ids[2]) : endpointInUse(key.ids[2], key.ids[3]);
  }
  return true;
}

}  // namespace weft::engine
