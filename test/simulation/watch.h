// Watch: looks at the workers before and after each of their turns, and says which promise about
// picking, limits and refusals they have broken in between. It counts by itself what it can, and
// shares no code with what it watches.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/memory_proxy.h"

namespace weft::simulation {

class Watch {
 public:
  explicit Watch(test::MemoryProxy& world) : world_(world) {}

  /// Before everybody's step.
  void before();

  /// After it; what was promised is checked.
  void after();

  /// The configuration of `world` was published just now.
  void published();

  /// Attempts that clients of any worker have begun to make at an endpoint.
  [[nodiscard]] std::uint64_t startsAt(std::uint32_t endpoint);

  /// Whether no worker has anything against an endpoint of the configuration.
  [[nodiscard]] bool allUsable();

  [[nodiscard]] std::uint32_t connectionsNow() const noexcept { return total(after_); }

  /// The first promise that was broken; empty: none.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct EndpointView {
    bool excluded = false;
    bool full = false;
    std::uint32_t connections = 0;
    std::uint32_t open = 0;
    std::uint64_t failures = 0;
    std::uint64_t starts = 0;
    std::uint32_t failureCount = 0;
    bool ejected = false;
    bool usable = true;
  };

  struct WorkerView {
    std::map<std::uint32_t, EndpointView> endpoints;
    bool panic = false;
    std::uint64_t starts = 0;
    std::uint64_t failures = 0;
    std::uint32_t connections = 0;
    std::uint32_t ejected = 0;
    std::uint32_t usable = 0;
  };

  using View = std::vector<WorkerView>;

  /// A limit, and how much there may be while a lower one lets nobody in.
  struct Bound {
    std::uint32_t max = UINT32_MAX;
    std::uint32_t allowed = UINT32_MAX;

    void set(std::uint32_t limit, std::uint32_t now);
    void follow(std::uint32_t now);
  };

  [[nodiscard]] View look();
  [[nodiscard]] static std::uint32_t total(const View& view);
  [[nodiscard]] static std::uint32_t totalPending(const View& view);
  [[nodiscard]] static std::uint32_t totalAt(const View& view, std::uint32_t endpoint);
  void checkPicks(std::size_t worker);
  void checkEjection(std::size_t worker);
  void checkLoad(std::size_t worker, std::uint32_t picked);
  void checkLimits();
  void checkCloses();
  void checkClose(std::uint64_t reason);
  void fail(const std::string& text);

  test::MemoryProxy& world_;
  View before_;
  View after_;
  Bound connections_;
  Bound pending_;
  std::map<std::uint32_t, Bound> ofEndpoints_;
  std::vector<std::size_t> eventsSeen_;
  std::string problem_;
};

}  // namespace weft::simulation
