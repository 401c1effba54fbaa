// Asker: a client's connection that asks one request behind the other, or some at once, and checks
// what comes back. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "ledger.h"
#include "support/peer.h"

namespace weft::simulation {

struct AskerPlan {
  std::uint32_t count = 1;  ///< Of requests.
  std::uint32_t bytesMax = 1;
  bool shortOnly = false;  ///< Else some bodies are longer than what may be sent again.
  bool pipelines = false;
  bool saysLast = false;  ///< With `Connection: close`.
  base::Duration thinkMax{};
  std::optional<base::Duration> patience{};  ///< It resets after so long.
};

class Asker {
 public:
  /// All outlive it. The connection is new.
  Asker(const AskerPlan& plan, test::Peer& peer, Ledger& ledger, base::Random& random,
        base::TimePoint now)
      : plan_(plan), peer_(peer), ledger_(ledger), random_(random), began_(now), nextAt_(now) {}

  /// Reads, asks, leaves. False when there was nothing to do.
  bool act(base::TimePoint now);

  /// No more than it has asked already.
  void hurry() noexcept { hurried_ = true; }

  [[nodiscard]] bool over() const { return peer_.closed() || peer_.over(); }

  /// It stays until it has got its answers.
  [[nodiscard]] bool peaceful() const noexcept { return !plan_.patience; }

  [[nodiscard]] const std::vector<std::uint32_t>& asked() const noexcept { return asked_; }

  [[nodiscard]] std::size_t answeredCount() const noexcept { return answeredCount_; }

  /// What is wrong with what it got; empty: nothing.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  void read();
  void ask();
  [[nodiscard]] bool mayAsk(base::TimePoint now) const;
  void fail(const std::string& text);

  const AskerPlan plan_;
  test::Peer& peer_;
  Ledger& ledger_;
  base::Random& random_;
  const base::TimePoint began_;
  base::TimePoint nextAt_;
  std::vector<std::uint32_t> asked_;
  std::size_t answeredCount_ = 0;
  std::size_t doneBytes_ = 0;
  std::size_t lookedBytes_ = 0;
  bool lookedAtEnd_ = false;
  bool finished_ = false;
  bool hurried_ = false;
  std::string problem_;
};

}  // namespace weft::simulation
