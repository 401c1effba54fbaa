// simulate [first seed] [how many]: runs seeds and prints which fail, with the command that runs
// one alone and says what happens in it. A seed is two worlds: one of connections, one of requests.
// Every hundredth is run twice and must do the same twice. Exits with 1 when one fails.

#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "http_simulation.h"
#include "simulation.h"

namespace {

using weft::simulation::HttpSimulation;
using weft::simulation::Simulation;

constexpr std::uint64_t kTwiceEach = 100;

/// Whether all was as it must be.
template <typename World>
bool run(std::uint64_t seed, bool verbose) {
  World world(seed, verbose);
  std::string problem = world.run();
  if (problem.empty() && seed % kTwiceEach == 0) {
    World again(seed, false);
    static_cast<void>(again.run());
    if (again.digest() != world.digest()) {
      problem = "a second run with this seed does something else";
    }
  }
  if (!problem.empty()) {
    std::printf("seed %llu (%s): %s\n  alone: build-native/release/test/simulate %llu\n",
                static_cast<unsigned long long>(seed), nameOf(world.story()), problem.c_str(),
                static_cast<unsigned long long>(seed));
  }
  return problem.empty();
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::FLAGS_gtest_break_on_failure = true;
  const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const bool connections = run<Simulation>(seed, count == 1);
    const bool requests = run<HttpSimulation>(seed, count == 1);
    failed += connections && requests ? 0U : 1U;
  }
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(count - failed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
