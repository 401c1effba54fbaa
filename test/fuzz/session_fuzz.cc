// Sessions in the in-memory network, driven by the input: which transports, which buffers, who
// writes, reads, pauses, ends and resets when, how time passes, whether the protocol is detected.
// Bytes are exact, ends are in order only when the source ended, counters agree, and everything
// comes to an end.
#include <cstdint>
#include <cstdio>
#include <iterator>

#include <gtest/gtest.h>

#include "base/assert.h"
#include "support/traffic.h"

namespace {

using weft::test::TransportKind;

constexpr TransportKind kKinds[] = {TransportKind::Plain, TransportKind::Ahead,
                                    TransportKind::RecordAtATime};

/// A test that fails outside of a test program ends the run here.
void expectNothing(const std::string& problem) {
  if (!problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    WEFT_CHECK(problem.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  testing::FLAGS_gtest_break_on_failure = true;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Longer inputs find nothing that shorter ones do not, and take seconds each.
  weft::test::FuzzChoices choices(
      std::as_bytes(std::span(data, std::min<std::size_t>(size, 1024))));
  const weft::test::Wiring wiring{.downstream = choices.oneOf(kKinds),
                                  .upstream = choices.oneOf(kKinds)};
  const auto options = weft::test::chooseWorld(choices, wiring);
  const std::size_t narrow = std::min(
      {options.proxy.scratchBytes, options.network.sendBytes, options.network.receiveBytes});
  weft::test::MemoryProxy world(options);
  weft::test::Traffic traffic(world, choices,
                              {.connectionCount = 1 + choices.below(2),
                               .bytesMax = narrow < 1000 ? std::size_t{1000} : std::size_t{60'000},
                               .resets = choices.oneIn(2),
                               .detects = choices.oneIn(2)});
  traffic.run();
  traffic.finish();
  expectNothing(traffic.problem());
  expectNothing(traffic.counterProblem());
  return 0;
}
