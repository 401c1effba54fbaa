// What ours and Beast must agree on: whatever ours takes, the other reads alike. docs/protocols.md
// has a row for each way in which they may differ.
#pragma once

#include <string>
#include <string_view>

#include "beast/beast_reader.h"
#include "support/http_messages.h"

namespace weft::test {

/// What is different; empty when nothing is but what is documented.
[[nodiscard]] std::string differenceOf(const HttpMessage& ours, const BeastReading& other);

/// Of all requests that ours takes from the beginning of these bytes.
[[nodiscard]] std::string requestsDiffer(std::string_view bytes);

/// Of all responses, the first of which answers a HEAD or something else.
[[nodiscard]] std::string responsesDiffer(std::string_view bytes, bool answersHead);

}  // namespace weft::test
