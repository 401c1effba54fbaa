// HttpSimulation: the production workers with clients that ask and endpoints that answer or fail
// to, for some seconds of a clock of its own, decided by one seed. The same seed does the same
// again. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "asker.h"
#include "http_endpoint.h"
#include "http_scenario.h"
#include "http_watch.h"
#include "ledger.h"
#include "stage.h"

namespace weft::simulation {

class HttpSimulation final : private Stage {
 public:
  /// As Stage.
  HttpSimulation(std::uint64_t seed, bool verbose);

  /// The first promise that was broken; empty: none.
  [[nodiscard]] std::string run();

  /// A hash of all that clients got and endpoints saw; after run().
  [[nodiscard]] std::uint64_t digest() const;

  [[nodiscard]] HttpStory story() const noexcept { return scenario_.story; }

 private:
  HttpSimulation(const HttpScenario& scenario, bool verbose);

  void prepare();
  void settleDown();
  void recover();
  void checkStory();
  void checkCounters();
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

  Asker& arrive(const AskerPlan& plan);
  [[nodiscard]] AskerPlan drawPlan();
  void setMood(HttpEndpoint& endpoint, HttpMood mood);
  void reload();
  void addEndpoint();

  HttpScenario scenario_;
  Ledger ledger_;
  HttpWatch watch_;
  std::vector<std::unique_ptr<Asker>> askers_;
  std::vector<std::unique_ptr<HttpEndpoint>> endpoints_;
};

}  // namespace weft::simulation
