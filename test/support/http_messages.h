// HttpMessages: the messages in a stream of HTTP/1, read after the fact with the codec: what an
// endpoint or a client got. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/h1_framing.h"
#include "codec/h1_head.h"

namespace weft::test {

/// Names and values, in their order.
using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpMessage {
  std::string method;  ///< Of a request.
  std::string target;  ///< Of a request.
  int status = 0;      ///< Of a response.
  int minorVersion = 1;
  bool keepAlive = false;  ///< Another message may come behind it.
  std::string head;
  HttpFields fields;
  std::string body;       ///< Without framing.
  HttpFields trailers;    ///< Behind a body in chunks.
  std::size_t bytes = 0;  ///< Of the whole message, or of what there is of it.
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
