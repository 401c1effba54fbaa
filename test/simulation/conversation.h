// Conversation: one client's connection and, once an endpoint has read who it is, the endpoint's
// side of it. Both ends follow one plan, and both know every byte that may come. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "support/peer.h"

namespace weft::simulation {

enum class PlanKind : std::uint8_t {
  Exchange,           ///< Both send at once and end their halves.
  ClientEndsFirst,    ///< The endpoint answers when the client has ended its half.
  EndpointEndsFirst,  ///< The client goes on when the endpoint has ended its half.
  Pauses,             ///< As Exchange, by a client that does not read for a while.
  Holds,              ///< As Exchange, by a client that keeps its half open for a while.
  ClientResets,       ///< The client resets when it has received so much.
  Leaves,             ///< The client resets soon, whatever there was.
};

struct Plan {
  PlanKind kind = PlanKind::Exchange;
  std::uint32_t upBytes = 0;
  std::uint32_t downBytes = 0;
  std::uint32_t resetAtBytes = 0;
  base::Duration patience{};  ///< Of those that pause, hold, or leave.
};

/// Evenly spread over the orders of magnitude up to `max`.
[[nodiscard]] std::uint32_t drawSize(base::Random& random, std::uint32_t max);

[[nodiscard]] Plan drawPlan(base::Random& random, std::uint32_t bytesMax, bool peaceful);

class Conversation {
 public:
  /// Bytes with which a client says which conversation it is.
  static constexpr std::size_t kHeaderBytes = 12;
  /// Bytes with which an endpoint says which one it is.
  static constexpr std::size_t kGreetingBytes = 8;

  /// The client is new.
  Conversation(std::uint32_t number, const Plan& plan, test::Peer& client, base::TimePoint now);

  /// The number in a header; none: these bytes are no header.
  [[nodiscard]] static std::optional<std::uint32_t> numberIn(std::string_view bytes);

  [[nodiscard]] static std::string greetingOf(std::uint32_t endpoint);

  /// This endpoint has read the header. Whether it has greeted already.
  void meet(test::Peer& server, std::uint32_t endpoint, bool greeted);

  [[nodiscard]] bool met() const noexcept { return server_ != nullptr; }

  /// An endpoint ends connections before it has read who came.
  void expectEarlyEnd() noexcept { earlyEndExpected_ = true; }

  /// How much the endpoint sends in one step; slow ones less than all.
  void setServerPace(std::size_t bytes) noexcept { pace_ = bytes; }

  /// Does what the plan says now. False when that was nothing.
  bool act(base::TimePoint now);

  /// Whoever holds, pauses or waits for bytes to reset does so no longer.
  void hurry() noexcept { hurried_ = true; }

  [[nodiscard]] bool over() const;

  /// Every byte and both ends have come.
  [[nodiscard]] bool whole() const;

  [[nodiscard]] bool peaceful() const noexcept {
    return plan_.kind != PlanKind::ClientResets && plan_.kind != PlanKind::Leaves;
  }

  /// What is wrong with it at any time; empty: nothing.
  [[nodiscard]] std::string problem() const;

 private:
  [[nodiscard]] bool actClient(base::TimePoint now);
  [[nodiscard]] bool actServer();
  bool give(test::Peer& peer, const std::string& bytes, std::size_t& given, std::size_t until);
  bool finish(test::Peer& peer, bool& finished);
  [[nodiscard]] std::string clientProblem() const;
  [[nodiscard]] std::string serverProblem() const;

  const std::uint32_t number_;
  const Plan plan_;
  const base::TimePoint began_;
  test::Peer& client_;
  test::Peer* server_ = nullptr;
  std::string up_;
  std::string down_;  ///< Without the greeting until an endpoint has been met.
  std::size_t upGiven_ = 0;
  std::size_t downGiven_ = 0;
  std::size_t pace_ = SIZE_MAX;
  bool clientFinished_ = false;
  bool serverFinished_ = false;
  bool clientReset_ = false;
  bool earlyEndExpected_ = false;
  bool hurried_ = false;
};

}  // namespace weft::simulation
