// Simulation: the production workers with clients that come and go and endpoints that fail, for
// some seconds of a clock of its own, decided by one seed. The same seed does the same again. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conversation.h"
#include "faulty_endpoint.h"
#include "scenario.h"
#include "stage.h"
#include "watch.h"

namespace weft::simulation {

class Simulation final : private Stage {
 public:
  /// As Stage.
  Simulation(std::uint64_t seed, bool verbose);

  /// The first promise that was broken; empty: none.
  [[nodiscard]] std::string run();

  /// A hash of all that the workers have reported; after run().
  [[nodiscard]] std::uint64_t digest();

  [[nodiscard]] Story story() const noexcept { return scenario_.story; }

 private:
  Simulation(const Scenario& scenario, bool verbose);

  void prepare();
  void settleDown();
  void recover();
  void drain();
  void checkEnd();

  bool act(base::TimePoint now) override;

  void before() override { watch_.before(); }

  void after() override { watch_.after(); }

  [[nodiscard]] std::string findProblem() const override;
  [[nodiscard]] std::size_t openCount() const override;
  [[nodiscard]] std::optional<base::Duration> pace() const override;
  void onArrival() override;
  void onMood() override;
  void onChange() override;
  void onMoment(base::TimePoint now) override;

  void arrive(bool peaceful);
  void setMood(FaultyEndpoint& endpoint, Mood mood);
  void reload();
  void publish();
  void addEndpoint();
  void checkStory();
  [[nodiscard]] bool isConfigured(const base::Address& address);

  Scenario scenario_;
  Watch watch_;
  Conversations conversations_;
  std::vector<std::unique_ptr<FaultyEndpoint>> endpoints_;
  base::TimePoint faultSince_{};
  std::uint64_t startsAtFault_ = 0;
};

}  // namespace weft::simulation
