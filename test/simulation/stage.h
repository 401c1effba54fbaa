// Stage: what every simulation stands on: the proxy under test in a world of its own, time that
// passes in it, what happens when, and the first thing that was found wrong. A simulation says who
// acts and what is looked at. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "support/memory_proxy.h"

namespace weft::simulation {

class Stage {
 public:
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

 protected:
  /// How long things happen before everybody is left to come to an end.
  static constexpr base::Duration kLife = std::chrono::seconds(12);
  /// Longer than back-offs, intervals and timeouts of all scenarios together.
  static constexpr base::Duration kRecovery = std::chrono::seconds(20);

  /// Says on stdout what happens when `verbose`. The endpoint that every world begins with is not
  /// there any more.
  Stage(const test::MemoryProxyOptions& options, bool verbose);
  ~Stage() = default;

  // ---- what a simulation says ----

  /// Everybody does what can be done now; false when that was nothing.
  virtual bool act(base::TimePoint now) = 0;

  /// Around each turn of the proxy.
  virtual void before() = 0;
  virtual void after() = 0;

  /// The first promise that somebody has found broken; empty: none.
  [[nodiscard]] virtual std::string findProblem() const = 0;

  /// Clients that are not done.
  [[nodiscard]] virtual std::size_t openCount() const = 0;

  /// How often somebody looks at the clock; None: nobody does.
  [[nodiscard]] virtual std::optional<base::Duration> pace() const = 0;

  /// During live(), at times by chance.
  virtual void onArrival() = 0;
  virtual void onMood() = 0;
  virtual void onChange() = 0;

  /// Behind those.
  virtual void onMoment(base::TimePoint /*now*/) {}

  // ---- time ----

  /// Arrivals are at most so far apart.
  void live(base::Random& random, base::Duration arrivalGapMax);

  void advanceTo(base::TimePoint end);

  void advance(base::Duration by) { advanceTo(world_.clock.now() + by); }

  /// Until nobody is left; who does not come to an end is a failure. `whom`: what they are called.
  void awaitAll(const char* whom);

  /// Until one is over, or everything is stuck.
  template <typename One>
  void await(const One& one) {
    const base::TimePoint end = stuckAt();
    while (!one.over() && world_.clock.now() < end && !wrong()) {
      advance(std::chrono::milliseconds(50));
    }
  }

  // ---- what is wrong ----

  [[nodiscard]] bool wrong();
  void fail(const std::string& text);
  void expect(const char* what, std::uint64_t is, std::uint64_t least, std::uint64_t most);

  void expect(const char* what, std::uint64_t is, std::uint64_t wanted) {
    expect(what, is, wanted, wanted);
  }

  /// All that the first listener took has ended; so many came.
  void expectClosed(std::uint64_t opensLeast, std::uint64_t opensMost);

  /// The proxy is stopped, and nothing is left of it.
  void expectStopped();

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  void say(const std::string& text);

  /// By chance, while there is another one.
  void removeEndpoint(base::Random& random);

  test::MemoryProxy world_;

 private:
  bool step();
  [[nodiscard]] base::TimePoint stuckAt() const;

  const bool verbose_;
  std::string problem_;
};

}  // namespace weft::simulation
