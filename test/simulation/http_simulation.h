// HttpSimulation: the production workers with clients that ask and endpoints that answer or fail
// to, for some seconds of a clock of its own, decided by one seed. The same seed does the same
// again. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "asker.h"
#include "http_endpoint.h"
#include "http_scenario.h"
#include "http_watch.h"
#include "ledger.h"
#include "support/memory_proxy.h"

namespace weft::simulation {

class HttpSimulation {
 public:
  /// Says on stdout what happens when `verbose`.
  HttpSimulation(std::uint64_t seed, bool verbose);

  HttpSimulation(const HttpSimulation&) = delete;
  HttpSimulation& operator=(const HttpSimulation&) = delete;

  /// The first promise that was broken; empty: none.
  [[nodiscard]] std::string run();

  /// A hash of all that clients got and endpoints saw; after run().
  [[nodiscard]] std::uint64_t digest() const;

  [[nodiscard]] HttpStory story() const noexcept { return scenario_.story; }

 private:
  void prepare();
  void live();
  void settleDown();
  void recover();
  void checkStory();
  void checkCounters();
  void checkEnd();

  void advanceTo(base::TimePoint end);
  bool step();
  [[nodiscard]] bool wrong();
  void fail(const std::string& text);
  void expect(const char* what, std::uint64_t is, std::uint64_t least, std::uint64_t most);
  void say(const std::string& text);

  Asker& arrive(const AskerPlan& plan);
  [[nodiscard]] AskerPlan drawPlan();
  void changeMood();
  void setMood(HttpEndpoint& endpoint, HttpMood mood);
  void reload();
  void addEndpoint();
  void removeEndpoint();
  [[nodiscard]] std::size_t openCount() const;

  HttpScenario scenario_;
  const bool verbose_;
  test::MemoryProxy world_;
  Ledger ledger_;
  HttpWatch watch_;
  std::vector<std::unique_ptr<Asker>> askers_;
  std::vector<std::unique_ptr<HttpEndpoint>> endpoints_;
  std::string problem_;
};

}  // namespace weft::simulation
