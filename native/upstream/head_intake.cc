#include "upstream/head_intake.h"

#include <string_view>

#include "codec/h1_field_reader.h"
#include "codec/h1_head.h"
#include "upstream/http_memory.h"

namespace weft::upstream {

HeadIntake::Read HeadIntake::advance(HttpMemory& memory, codec::H1Kind kind,
                                     const codec::H1Limits& limits,
                                     std::string_view held) noexcept {
  codec::H1HeadReader fresh(kind, limits);
  const bool first = partial_ == nullptr;
  codec::H1HeadReader& reader = first ? fresh : partial_->reader;
  codec::H1Head& head = first ? memory.head : partial_->head;
  switch (reader.advance(held, head)) {
    case codec::H1Read::Whole:
      return {.state = State::Whole, .head = &head};
    case codec::H1Read::Bad:
      return {.state = State::Bad, .fault = reader.fault()};
    case codec::H1Read::NeedMore:
      break;
  }
  if (first) {
    partial_ = memory.partialHeads.makeOwned(reader, head);
  }
  return {.state = partial_ == nullptr ? State::NoMemory : State::NeedMore};
}

}  // namespace weft::upstream
