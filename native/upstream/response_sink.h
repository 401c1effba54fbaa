// ResponseSink: who takes a response, piece by piece. What is told may end in letting go of whoever
// tells it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "transport/side.h"

namespace weft::upstream {

class ResponseSink {
 public:
  /// A status below 200; others follow. The head lasts for the call, here and below.
  virtual void onInterim(std::string_view held, const codec::H1Head& head) noexcept = 0;
  virtual void onResponseHead(std::string_view held, const codec::H1Head& head,
                              const codec::H1Framing& framing) noexcept = 0;
  virtual void onResponseBody(base::Bytes bytes) noexcept = 0;

  /// Much of the body is still to come: takes some of it out of the socket without a copy, at most
  /// `bytesMax`, and says how much. 0: it is to be read.
  [[nodiscard]] virtual std::size_t spliceResponse(transport::Side& from,
                                                   std::uint64_t bytesMax) noexcept = 0;
  virtual void onResponseEnd(const codec::H1Trailers& trailers) noexcept = 0;

 protected:
  ~ResponseSink() = default;
};

}  // namespace weft::upstream
