// HeadIntake: the head of one message of HTTP/1 as it comes in. Most come whole and leave nothing
// behind; only one that is cut keeps what was read of it. Owned by the connection; one thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "codec/h1_fault.h"
#include "codec/h1_head.h"
#include "os/object_pool.h"
#include "upstream/http_memory.h"

namespace weft::upstream {

class HeadIntake {
 public:
  enum class State : std::uint8_t { NeedMore, Whole, Bad, NoMemory };

  struct Read {
    State state = State::NeedMore;
    const codec::H1Head* head = nullptr;  ///< Of Whole; until the next head is read.
    codec::H1Fault fault = codec::H1Fault::None;
  };

  /// `held` is everything since the first byte of the message, longer with each call.
  [[nodiscard]] Read advance(HttpMemory& memory, codec::H1Kind kind, const codec::H1Limits& limits,
                             std::string_view held) noexcept;

  /// Another message begins. The head that was read means nothing any more.
  void reset() noexcept { partial_.reset(); }

 private:
  os::PoolPtr<PartialHead> partial_;
};

}  // namespace weft::upstream
