// Messages of HTTP/1 as Boost.Beast reads them: a parser that shares nothing with ours, beside
// which ours is held. One thread.
#pragma once

#include <string>
#include <string_view>

#include "support/http_messages.h"

namespace weft::test {

struct BeastReading {
  HttpMessage message;  ///< Without `head`.
  std::string refusal;  ///< Beast's own word; empty when it refused nothing.
};

/// The first request in what a server got.
[[nodiscard]] BeastReading beastRequest(std::string_view bytes);

/// The first response in what a client got, behind which the connection ended.
[[nodiscard]] BeastReading beastResponse(std::string_view bytes, bool answersHead);

}  // namespace weft::test
