// FaultyEndpoint: an endpoint that follows the plans of its visitors, or fails them in the way of
// its mood. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "conversation.h"
#include "support/memory_network.h"
#include "support/peer.h"

namespace weft::simulation {

enum class Mood : std::uint8_t {
  Well,
  Slow,         ///< Sends little at a time, and late.
  Refuses,      ///< Connects are refused.
  Silent,       ///< Connects get no answer.
  Unreachable,  ///< Connects fail at once.
  Stalls,       ///< Connects succeed and nobody accepts them.
  Mute,         ///< Accepts and says nothing.
  Resets,       ///< Resets who is there, and who comes once it knows who.
  ClosesEarly,  ///< Ends what it has accepted at once.
  Flaps,        ///< Refuses and accepts in turns.
};

inline constexpr std::uint32_t kMoodCount = 10;

[[nodiscard]] const char* nameOf(Mood mood);

using Conversations = std::vector<std::unique_ptr<Conversation>>;

class FaultyEndpoint {
 public:
  /// All outlive it.
  FaultyEndpoint(std::uint32_t number, test::MemoryNetwork& network, test::Endpoint& endpoint,
                 bool greetsFirst)
      : number_(number), network_(network), endpoint_(endpoint), greetsFirst_(greetsFirst) {}

  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  [[nodiscard]] const base::Address& address() const { return endpoint_.address(); }

  [[nodiscard]] Mood mood() const noexcept { return mood_; }

  /// Its connects fail now, at least sometimes.
  [[nodiscard]] bool failsConnects() const noexcept;

  void setMood(Mood mood, base::TimePoint now, base::Random& random);

  /// Meets, serves and fails its visitors. False when there was nothing to do.
  bool act(base::TimePoint now, const Conversations& conversations);

  /// Something that it got is not what a client of this simulation sends; empty: nothing.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct Visitor {
    test::Peer* peer;
    Conversation* conversation = nullptr;
    bool greeted = false;
  };

  bool receive(Visitor& visitor, const Conversations& conversations);
  bool meet(Visitor& visitor, const Conversations& conversations);

  const std::uint32_t number_;
  test::MemoryNetwork& network_;
  test::Endpoint& endpoint_;
  const bool greetsFirst_;
  std::vector<Visitor> visitors_;
  Mood mood_ = Mood::Well;
  base::TimePoint moodSince_{};
  std::string problem_;
};

}  // namespace weft::simulation
