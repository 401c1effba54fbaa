// Thread: a named thread with all signals blocked, so that they reach the process' own main thread.
// Joined by its owner, always.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace weft::os {

class Thread {
 public:
  /// Runs `body` until it returns. The name is cut at 15 bytes.
  [[nodiscard]] static base::Result<std::unique_ptr<Thread>> start(std::string name,
                                                                   std::function<void()> body);

  /// Joins.
  ~Thread();

  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

 private:
  struct State;

  explicit Thread(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace weft::os
