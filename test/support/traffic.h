// Traffic: connections through a MemoryProxy that do whatever the choices say: write in pieces,
// pause, end a half, reset; and what must be true of them at any time and at the end. The property
// tests of sessions and the session fuzzer are this with different choices. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/choices.h"
#include "support/memory_proxy.h"

namespace weft::test {

/// What runs where, chosen before anything happens.
[[nodiscard]] MemoryProxyOptions chooseWorld(Choices& choices, const Wiring& wiring);

struct TrafficOptions {
  std::size_t connectionCount = 2;
  std::size_t bytesMax = 300'000;  ///< Of one direction of one connection.
  bool resets = false;
  bool detects = false;  ///< The listener finds out what comes.
};

class Traffic {
 public:
  Traffic(MemoryProxy& world, Choices& choices, const TrafficOptions& options);

  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  /// Does something for as long as there are choices.
  void run();

  /// Lets everything come to its end.
  void finish();

  /// What must be true of every connection whatever has happened; an empty text when it is.
  [[nodiscard]] std::string problem() const;

  /// What must be true of counters once all connections have ended; an empty text when it is.
  [[nodiscard]] std::string counterProblem() const;

 private:
  /// One direction of one connection.
  struct Flow {
    Peer* from;
    Peer* to;
    std::string bytes;
    std::size_t givenBytes = 0;
    bool endGiven = false;
  };

  struct Pair {
    Flow up;
    Flow down;
    bool reset = false;
  };

  void open(std::size_t count);
  void actOn(Pair& pair);
  void act(Flow& flow);
  [[nodiscard]] static std::string problemOf(const Flow& flow, bool reset);

  MemoryProxy& world_;
  Choices& choices_;
  const TrafficOptions options_;
  std::vector<std::unique_ptr<Pair>> pairs_;
};

}  // namespace weft::test
