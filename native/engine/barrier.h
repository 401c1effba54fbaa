// Barrier: calls back once when all its tickets are gone. A ticket goes when the task that holds it
// has run, or was dropped because its worker had stopped: so a callback always comes. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace weft::engine {

class Barrier {
 public:
  explicit Barrier(std::function<void()> done) : done_(std::move(done)) {}

  /// Runs on the thread that lets go of the last ticket.
  ~Barrier() { done_(); }

  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

 private:
  const std::function<void()> done_;
};

using Ticket = std::shared_ptr<const Barrier>;

}  // namespace weft::engine
