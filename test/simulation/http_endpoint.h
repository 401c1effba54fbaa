// HttpEndpoint: an endpoint that answers requests of HTTP/1, or fails them in the way of its mood.
// What it sees and does stands in the ledger. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "ledger.h"
#include "support/memory_network.h"
#include "support/peer.h"

namespace weft::simulation {

enum class HttpMood : std::uint8_t {
  Well,
  Slow,        ///< Answers late.
  Errs,        ///< Answers all with a status of 500 or more.
  ErrsOften,   ///< Answers most with one.
  ErrsSeldom,  ///< Answers some with one.
  Closes,      ///< Ends the connection instead of answering.
  Cuts,        ///< Ends it in the middle of its answer.
  Mute,        ///< Does not answer.
  Refuses,     ///< Connects are refused.
  Resets,      ///< Resets who is there, and who comes.
};

inline constexpr std::uint32_t kHttpMoodCount = 10;

[[nodiscard]] const char* nameOf(HttpMood mood);

class HttpEndpoint {
 public:
  /// All outlive it.
  HttpEndpoint(std::uint32_t number, test::MemoryNetwork& network, test::Endpoint& endpoint,
               Ledger& ledger, base::Random& random)
      : number_(number), network_(network), endpoint_(endpoint), ledger_(ledger), random_(random) {}

  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  [[nodiscard]] HttpMood mood() const noexcept { return mood_; }

  void setMood(HttpMood mood);

  /// Requests that it has seen the head of.
  [[nodiscard]] std::uint32_t seenCount() const noexcept { return seenCount_; }

  /// Answers whose turn it is. False when there was nothing to do.
  bool act(base::TimePoint now);

  /// Something that it got cannot be; empty: nothing.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct Visitor {
    test::Peer* peer;
    std::size_t doneBytes = 0;    ///< Of requests that were answered.
    std::size_t lookedBytes = 0;  ///< All that had come at the last look.
    std::uint32_t servedCount = 0;
    std::size_t requestBytes = 0;
    std::optional<std::uint32_t> id{};  ///< The request that it has now.
    std::size_t attempt = 0;            ///< Which attempt of that one it is.
    std::optional<base::TimePoint> answerAt{};
    bool finished = false;
  };

  bool actFor(Visitor& visitor, base::TimePoint now);
  bool look(Visitor& visitor, base::TimePoint now);
  void meet(Visitor& visitor, const test::HttpMessage& message, base::TimePoint now);
  void answer(Visitor& visitor);
  void fail(const std::string& text);
  [[nodiscard]] int drawStatus();

  const std::uint32_t number_;
  test::MemoryNetwork& network_;
  test::Endpoint& endpoint_;
  Ledger& ledger_;
  base::Random& random_;
  std::vector<Visitor> visitors_;
  HttpMood mood_ = HttpMood::Well;
  std::uint32_t seenCount_ = 0;
  std::string problem_;
};

}  // namespace weft::simulation
