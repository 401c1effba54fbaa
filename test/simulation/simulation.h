// Simulation: the production workers with clients that come and go and endpoints that fail, for
// some seconds of a clock of its own, decided by one seed. The same seed does the same again. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "conversation.h"
#include "faulty_endpoint.h"
#include "scenario.h"
#include "support/memory_proxy.h"
#include "watch.h"

namespace weft::simulation {

class Simulation {
 public:
  /// Says on stdout what happens when `verbose`.
  Simulation(std::uint64_t seed, bool verbose);

  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// The first promise that was broken; empty: none.
  [[nodiscard]] std::string run();

  /// A hash of all that the workers have reported; after run().
  [[nodiscard]] std::uint64_t digest();

  [[nodiscard]] Story story() const noexcept { return scenario_.story; }

 private:
  void prepare();
  void live();
  void settleDown();
  void recover();
  void drain();
  void checkEnd();

  void advanceTo(base::TimePoint end);
  bool step();
  [[nodiscard]] bool wrong();
  void fail(const std::string& text);
  void say(const std::string& text);

  void arrive(bool peaceful);
  void changeMood();
  void setMood(FaultyEndpoint& endpoint, Mood mood);
  void reload();
  void publish();
  void addEndpoint();
  void removeEndpoint();
  void checkStory();
  [[nodiscard]] std::uint32_t openConversations() const;
  [[nodiscard]] bool isConfigured(const base::Address& address);

  Scenario scenario_;
  const bool verbose_;
  test::MemoryProxy world_;
  Watch watch_;
  Conversations conversations_;
  std::vector<std::unique_ptr<FaultyEndpoint>> endpoints_;
  base::TimePoint faultSince_{};
  std::uint64_t startsAtFault_ = 0;
  std::string problem_;
};

}  // namespace weft::simulation
