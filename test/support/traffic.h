// Traffic: connections through a MemoryProxy that do whatever the choices say: write in pieces,
// pause, end a half, reset; and what must be true of them at any time and at the end. The property
// tests of sessions and the session fuzzer are this with different choices. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/choices.h"
#include "support/memory_proxy.h"

namespace weft::test {

/// What runs where, chosen before anything happens.
[[nodiscard]] MemoryProxyOptions chooseWorld(Choices& choices, const Wiring& wiring);

/// Something on the way takes so little at once that many bytes take for ever.
[[nodiscard]] bool isNarrow(const MemoryProxyOptions& world);

struct TrafficOptions {
  std::size_t connectionCount = 2;
  std::size_t bytesMax = 300'000;  ///< Of one direction of one connection.
  bool resets = false;
  bool detects = false;  ///< The listener finds out what comes.
  bool routes = false;   ///< It has routes of TLS, and lets pass what fits none.
  /// The header of the PROXY protocol that clients send first.
  std::optional<snapshot::ProxyVersion> headerFrom{};
  /// And the one that endpoints get first.
  std::optional<snapshot::ProxyVersion> headerTo{};
};

/// Headers of the PROXY protocol are made in the scratch buffer, and a new connection takes a whole
/// one.
void giveRoom(MemoryProxyOptions& world, const TrafficOptions& options);

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
    bool headed = false;  ///< A header of the proxy's own comes before the bytes.
    std::size_t givenBytes = 0;
    bool endGiven = false;
  };

  struct Pair {
    Flow up;
    Flow down;
    bool reset = false;
  };

  void configure();
  void open(std::size_t count);
  [[nodiscard]] std::string chooseBeginning();
  [[nodiscard]] static std::optional<std::string_view> payloadOf(const Flow& flow);
  void actOn(Pair& pair);
  void act(Flow& flow);
  [[nodiscard]] static std::string problemOf(const Flow& flow, bool reset);

  MemoryProxy& world_;
  Choices& choices_;
  const TrafficOptions options_;
  std::vector<std::unique_ptr<Pair>> pairs_;
  std::uint64_t headerBytes_ = 0;  ///< Sent by clients before their streams.
};

}  // namespace weft::test
