// LeastLoadedRouter: hands each accepted connection to the worker with the fewest; to its own when
// that has as few. One for each worker, used on its thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/acceptor.h"
#include "engine/worker.h"

namespace weft::engine {

/// What the routers of all workers look at. Filled before the first connection.
struct RouterShared {
  std::vector<Worker*> workers;
  /// How many connections the descriptors of the process are enough for.
  std::atomic<std::uint32_t> connectionsMax{0};
};

class LeastLoadedRouter final : public Router {
 public:
  LeastLoadedRouter(const RouterShared& shared, std::uint32_t own) noexcept
      : shared_(shared), own_(own) {}

  void route(base::ListenerId listener, os::Accepted accepted) noexcept override;
  void routed() noexcept override;
  void postToOthers(const Worker::Task& task) override;

  [[nodiscard]] bool hasRoom() const noexcept override;

 private:
  const RouterShared& shared_;
  const std::uint32_t own_;
  std::vector<Worker*> toWake_;
};

}  // namespace weft::engine
