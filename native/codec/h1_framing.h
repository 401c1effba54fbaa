// Where the body of a message of HTTP/1 ends (RFC 9112 6), whether its connection goes on behind it
// (9.3), and what else the head says about the connection. Refuses whatever somebody else may read
// in another way. No allocation; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "codec/h1_fault.h"
#include "codec/h1_head.h"

namespace weft::codec {

enum class H1Body : std::uint8_t {
  None,
  Length,  ///< So many bytes.
  Chunked,
  UntilClose,  ///< All that comes; of a response.
  Tunnel,      ///< No message any more: both ways, behind CONNECT or a switch of protocols.
};

struct H1Framing {
  H1Body body = H1Body::None;
  std::uint64_t length = 0;     ///< Of H1Body::Length.
  bool lengthGiven = false;     ///< By a Content-Length, which may be 0.
  bool keepAlive = false;       ///< Another message may come behind it.
  bool upgrade = false;         ///< Asks for another protocol, or agrees to it.
  bool expectContinue = false;  ///< The client waits for a 100 before the body.
};

/// What a response answers.
enum class H1Method : std::uint8_t { Other, Head, Connect };

[[nodiscard]] H1Method h1MethodOf(std::string_view method) noexcept;

/// Of a request, with its Host checked. `held` holds the whole head.
[[nodiscard]] H1Fault readRequestFraming(std::string_view held, const H1Head& head,
                                         H1Framing& framing) noexcept;

/// Of a response to a request with that method.
[[nodiscard]] H1Fault readResponseFraming(std::string_view held, const H1Head& head,
                                          H1Method answered, H1Framing& framing) noexcept;

}  // namespace weft::codec
