// Clients and an endpoint that speak HTTP/1 through the proxy in the in-memory network, driven by
// the input: which transports and buffers, who asks what and when, in which pieces, what is broken,
// how it is answered, who ends and resets. What endpoints and clients get is well-formed, requests
// and responses stay together, and nothing is left.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "base/assert.h"
#include "support/http_traffic.h"
#include "support/traffic.h"

namespace {

using weft::test::TransportKind;

constexpr TransportKind kKinds[] = {TransportKind::Plain, TransportKind::Ahead,
                                    TransportKind::RecordAtATime};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  testing::FLAGS_gtest_break_on_failure = true;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weft::test::FuzzChoices choices(
      std::as_bytes(std::span(data, std::min<std::size_t>(size, 1024))));
  const weft::test::Wiring wiring{.downstream = choices.oneOf(kKinds),
                                  .upstream = choices.oneOf(kKinds)};
  const auto options = weft::test::chooseWorld(choices, wiring);
  const bool breaks = choices.oneIn(2);
  // What begins broken is opaque where it is to be detected.
  weft::test::HttpTrafficOptions wanted{.clientCount = 1 + choices.below(2),
                                        .bodyBytesMax = 4000,
                                        .breaks = breaks,
                                        .detects = !breaks && choices.oneIn(2)};
  const std::size_t narrow = std::min(
      {options.proxy.scratchBytes, options.network.sendBytes, options.network.receiveBytes});
  if (narrow < 1000) {
    wanted.bodyBytesMax = 200;
  }
  weft::test::MemoryProxy world(options);
  weft::test::HttpTraffic traffic(world, choices, wanted);
  traffic.run();
  traffic.finish();
  const std::string problem = traffic.problem();
  if (!problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    WEFT_CHECK(problem.empty());
  }
  return 0;
}
