// HttpWatch: looks at the workers before and after each of their turns, and says which promise
// about requests they have broken in between: who is picked, who is ejected, how often something is
// tried again. It counts by itself what it can. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http_scenario.h"
#include "support/memory_proxy.h"
#include "telemetry/cells.h"

namespace weft::simulation {

class HttpWatch {
 public:
  /// What the workers have counted, over all of them.
  struct Totals {
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
    std::uint64_t unsafeRetries = 0;  ///< Of what must not go twice.
    std::uint64_t denied = 0;
    std::uint64_t replays = 0;
    std::map<int, std::uint64_t> responses{};  ///< By status.
  };

  /// Endpoint `errs` answers with nothing but errors; 0: there is none.
  HttpWatch(test::MemoryProxy& world, std::uint32_t errs) : world_(world), errs_(errs) {}

  /// Before everybody's step.
  void before();

  /// After it; what was promised is checked.
  void after();

  [[nodiscard]] Totals totals();

  /// Requests that clients were given an endpoint for.
  [[nodiscard]] std::uint64_t requestsOf(std::uint32_t endpoint);

  /// Times that any worker has ejected an endpoint.
  [[nodiscard]] std::uint64_t ejections();

  /// Whether no worker has anything against an endpoint of the configuration.
  [[nodiscard]] bool allUsable();

  /// Requests that are under way, and connections, at all endpoints.
  [[nodiscard]] std::uint32_t loadNow();

  /// The first promise that was broken; empty: none.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct EndpointView {
    bool excluded = false;
    bool ejected = false;
    bool failing = false;
    bool usable = true;
    std::uint32_t load = 0;
    std::uint64_t requests = 0;
  };

  struct WorkerView {
    std::map<std::uint32_t, EndpointView> endpoints;
    bool panic = false;
    std::uint32_t ejected = 0;
  };

  struct Event {
    base::TimePoint at;
    std::uint64_t count;
  };

  /// What has come and gone in the last while, and how much there was of it before.
  struct Recent {
    std::deque<Event> events;
    std::uint64_t total = 0;

    void add(base::TimePoint now, std::uint64_t totalNow);
    [[nodiscard]] std::uint64_t since(base::TimePoint time) const;
  };

  struct Budget {
    Recent requests;
    Recent retries;
  };

  using View = std::vector<WorkerView>;
  using Routes = std::array<telemetry::Cells, HttpScenario::kRouteCount>;

  [[nodiscard]] View look();
  [[nodiscard]] const Routes& requestCells(std::size_t worker, std::uint32_t endpoint);
  [[nodiscard]] std::uint64_t sumOf(std::size_t worker, std::uint32_t route, std::size_t cell);
  [[nodiscard]] std::uint64_t errorsOf(std::size_t worker, std::uint32_t endpoint);
  void checkPicks(std::size_t worker);
  void checkEjection(std::size_t worker);
  void checkBudget(std::size_t worker);
  void fail(const std::string& text);

  test::MemoryProxy& world_;
  const std::uint32_t errs_;
  std::map<std::pair<std::size_t, std::uint32_t>, Routes> cells_;
  View before_;
  View after_;
  std::map<std::size_t, Budget> budgets_;
  std::map<std::size_t, std::uint64_t> errorsForgiven_;  ///< Before it was last ejected.
  std::string problem_;
};

}  // namespace weft::simulation
