#include "binding/exit_guard.h"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "binding/running_engine.h"

namespace weft::binding {

ExitGuard& ExitGuard::instance() {
  static ExitGuard guard;
  return guard;
}

ExitGuard::~ExitGuard() {
  for (const std::shared_ptr<RunningEngine>& engine : engines_) {
    engine->abandon();
  }
}

void ExitGuard::add(std::shared_ptr<RunningEngine> engine) {
  const std::lock_guard lock(mutex_);
  engines_.push_back(std::move(engine));
}

void ExitGuard::remove(const RunningEngine& engine) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase_if(engines_, [&engine](const auto& other) { return other.get() == &engine; });
}

}  // namespace weft::binding
