// HttpMessages: the messages in a stream of HTTP/1, read after the fact with the codec: what an
// endpoint or a client got. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "codec/h1_framing.h"
#include "codec/h1_head.h"

namespace weft::test {

struct HttpMessage {
  std::string method;  ///< Of a request.
  int status = 0;      ///< Of a response.
  std::string head;
  std::string body;       ///< Without framing.
  std::size_t bytes = 0;  ///< In the stream, with framing.
  bool whole = false;

  /// The value of a field; empty when there is none.
  [[nodiscard]] std::string field(std::string_view name) const;
};

struct HttpMessages {
  std::vector<HttpMessage> messages;
  std::string bad;  ///< Why the rest is none; empty when it is, or there is none.
};

/// The requests in what an endpoint got.
[[nodiscard]] HttpMessages requestsIn(std::string_view bytes);

/// The responses in what a client got, that had asked with these methods; `ended`: all has come.
[[nodiscard]] HttpMessages responsesIn(std::string_view bytes,
                                       const std::vector<std::string>& methods, bool ended);

}  // namespace weft::test
