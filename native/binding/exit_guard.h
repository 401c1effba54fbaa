// ExitGuard: stops the engines that still run when the process exits. Node runs no clean-up hooks
// on process.exit() nor after an uncaught exception, and a thread that runs into the exit handlers
// of libraries crashes. The only state of the whole process here: destructors of statics run where
// std::atexit handlers do. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "binding/running_engine.h"

namespace weft::binding {

class ExitGuard {
 public:
  /// Made at the first call; from then on the process' exit stops what is in it.
  [[nodiscard]] static ExitGuard& instance();

  /// Abandons every engine.
  ~ExitGuard();

  ExitGuard(const ExitGuard&) = delete;
  ExitGuard& operator=(const ExitGuard&) = delete;

  void add(std::shared_ptr<RunningEngine> engine);

  /// What is not known any more is left alone.
  void remove(const RunningEngine& engine) noexcept;

 private:
  ExitGuard() = default;

  std::mutex mutex_;
  std::vector<std::shared_ptr<RunningEngine>> engines_;
};

}  // namespace weft::binding
