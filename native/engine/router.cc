#include "engine/router.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/ids.h"
#include "engine/worker.h"
#include "os/sockets.h"

namespace weft::engine {

void LeastLoadedRouter::route(base::ListenerId listener, os::Accepted accepted) noexcept {
  Worker& own = *shared_.workers[own_];
  Worker* chosen = &own;
  for (Worker* worker : shared_.workers) {
    if (worker->load() < chosen->load()) {
      chosen = worker;
    }
  }
  if (chosen != &own && chosen->postConnection(listener, accepted)) {
    own.countHandedOver();
    if (std::ranges::find(toWake_, chosen) == toWake_.end()) {
      toWake_.push_back(chosen);
    }
    return;
  }
  own.addLoad();
  own.accept(listener, accepted);
}

void LeastLoadedRouter::postToOthers(const Worker::Task& task) {
  for (std::size_t i = 0; i < shared_.workers.size(); ++i) {
    if (i != own_) {
      shared_.workers[i]->post(task);
    }
  }
}

/// Those on their way to another worker have their descriptors already.
bool LeastLoadedRouter::hasRoom() const noexcept {
  std::uint32_t connections = 0;
  for (const Worker* worker : shared_.workers) {
    connections += worker->load();
  }
  return connections < shared_.connectionsMax.load(std::memory_order_relaxed);
}

/// One wake-up for a batch.
void LeastLoadedRouter::routed() noexcept {
  for (Worker* worker : toWake_) {
    worker->wake();
  }
  toWake_.clear();
}

}  // namespace weft::engine
