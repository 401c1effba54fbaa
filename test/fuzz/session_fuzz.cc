// Sessions in the in-memory network, driven by the input: which transports, which buffers, who
// writes, reads, pauses, ends and resets when, how time passes, whether the protocol is detected,
// whether names in TLS are routed, which headers of the PROXY protocol come and go.
// Bytes are exact, ends are in order only when the source ended, counters agree, and everything
// comes to an end.
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "support/fuzzing.h"
#include "support/traffic.h"

namespace {

std::optional<weft::snapshot::ProxyVersion> chooseHeader(weft::test::Choices& choices) {
  using weft::snapshot::ProxyVersion;
  if (!choices.oneIn(3)) {
    return std::nullopt;
  }
  return choices.oneIn(2) ? ProxyVersion::V1 : ProxyVersion::V2;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  testing::FLAGS_gtest_break_on_failure = true;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weft::test::FuzzChoices choices = weft::test::choicesOf(data, size);
  const weft::test::Wiring wiring = weft::test::chooseWiring(choices);
  auto options = weft::test::chooseWorld(choices, wiring);
  weft::test::TrafficOptions wanted{.connectionCount = 1 + choices.below(2),
                                    .bytesMax = 60'000,
                                    .resets = choices.oneIn(2),
                                    .detects = choices.oneIn(2),
                                    .routes = choices.oneIn(4),
                                    .headerFrom = chooseHeader(choices),
                                    .headerTo = chooseHeader(choices)};
  giveRoom(options, wanted);
  if (weft::test::isNarrow(options)) {
    wanted.bytesMax = 1000;
  }
  weft::test::MemoryProxy world(options);
  weft::test::Traffic traffic(world, choices, wanted);
  traffic.run();
  traffic.finish();
  weft::test::expectNothing(traffic.problem());
  weft::test::expectNothing(traffic.counterProblem());
  return 0;
}
