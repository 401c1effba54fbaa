// Sessions in the in-memory network, driven by the input: which transports, which buffers, who
// writes, reads, pauses, ends and resets when, how time passes, whether the protocol is detected,
// whether names in TLS are routed, which headers of the PROXY protocol come and go.
// Bytes are exact, ends are in order only when the source ended, counters agree, and everything
// comes to an end.
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <optional>

#include <gtest/gtest.h>

#include "base/assert.h"
#include "support/traffic.h"

namespace {

using weft::test::TransportKind;

constexpr TransportKind kKinds[] = {TransportKind::Plain, TransportKind::Ahead,
                                    TransportKind::RecordAtATime};

std::optional<weft::snapshot::ProxyVersion> chooseHeader(weft::test::Choices& choices) {
  using weft::snapshot::ProxyVersion;
  if (!choices.oneIn(3)) {
    return std::nullopt;
  }
  return choices.oneIn(2) ? ProxyVersion::V1 : ProxyVersion::V2;
}

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
  auto options = weft::test::chooseWorld(choices, wiring);
  weft::test::TrafficOptions wanted{.connectionCount = 1 + choices.below(2),
                                    .bytesMax = 60'000,
                                    .resets = choices.oneIn(2),
                                    .detects = choices.oneIn(2),
                                    .routes = choices.oneIn(4),
                                    .headerFrom = chooseHeader(choices),
                                    .headerTo = chooseHeader(choices)};
  giveRoom(options, wanted);
  const std::size_t narrow = std::min(
      {options.proxy.scratchBytes, options.network.sendBytes, options.network.receiveBytes});
  if (narrow < 1000) {
    wanted.bytesMax = 1000;
  }
  weft::test::MemoryProxy world(options);
  weft::test::Traffic traffic(world, choices, wanted);
  traffic.run();
  traffic.finish();
  expectNothing(traffic.problem());
  expectNothing(traffic.counterProblem());
  return 0;
}
