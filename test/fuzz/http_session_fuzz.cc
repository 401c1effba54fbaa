// Clients and an endpoint that speak HTTP/1 through the proxy in the in-memory network, driven by
// the input: which transports and buffers, who asks what and when, in which pieces, what is broken,
// how it is answered, who ends and resets. What endpoints and clients get is well-formed, requests
// and responses stay together, and nothing is left.
#include <cstdint>

#include <gtest/gtest.h>

#include "support/fuzzing.h"
#include "support/http_traffic.h"
#include "support/traffic.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  testing::FLAGS_gtest_break_on_failure = true;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weft::test::FuzzChoices choices = weft::test::choicesOf(data, size);
  const weft::test::Wiring wiring = weft::test::chooseWiring(choices);
  const auto options = weft::test::chooseWorld(choices, wiring);
  const bool breaks = choices.oneIn(2);
  // What begins broken is opaque where it is to be detected.
  weft::test::HttpTrafficOptions wanted{.clientCount = 1 + choices.below(2),
                                        .bodyBytesMax = 4000,
                                        .breaks = breaks,
                                        .detects = !breaks && choices.oneIn(2),
                                        .routed = choices.oneIn(2)};
  if (weft::test::isNarrow(options)) {
    wanted.bodyBytesMax = 200;
  }
  weft::test::MemoryProxy world(options);
  weft::test::HttpTraffic traffic(world, choices, wanted);
  traffic.run();
  traffic.finish();
  weft::test::expectNothing(traffic.problem());
  return 0;
}
