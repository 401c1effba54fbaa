// What the fuzzers of sessions share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#include "base/assert.h"
#include "support/choices.h"
#include "support/mixed_transports.h"

namespace weft::test {

/// Longer inputs find nothing that shorter ones do not, and take seconds each.
inline FuzzChoices choicesOf(const std::uint8_t* data, std::size_t size) {
  return FuzzChoices(std::as_bytes(std::span(data, std::min<std::size_t>(size, 1024))));
}

inline Wiring chooseWiring(Choices& choices) {
  constexpr TransportKind kKinds[] = {TransportKind::Plain, TransportKind::Ahead,
                                      TransportKind::RecordAtATime};
  const TransportKind downstream = choices.oneOf(kKinds);
  return {.downstream = downstream, .upstream = choices.oneOf(kKinds)};
}

/// A test that fails outside of a test program ends the run here.
inline void expectNothing(const std::string& problem) {
  if (!problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    WEFT_CHECK(problem.empty());
  }
}

}  // namespace weft::test
