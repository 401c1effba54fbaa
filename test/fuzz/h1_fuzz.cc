// Messages of HTTP/1 in two parts, cut where the first bytes of the input say: the same verdict as
// in one, fields and bodies within the bytes that came, and nothing that is taken holds a bare CR
// or LF, a NUL or two ways to end.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"

namespace {

using namespace weft::codec;

struct HeadOutcome {
  H1Read read = H1Read::NeedMore;
  H1Fault fault = H1Fault::None;
};

constexpr H1Limits kLimits{.headBytesMax = 2000, .fieldsMax = 20};

HeadOutcome readHead(H1Kind kind, std::string_view text, std::size_t cut, H1Head& head) {
  H1HeadReader reader(kind, kLimits);
  HeadOutcome outcome;
  outcome.read = reader.advance(text.substr(0, cut), head);
  if (outcome.read == H1Read::NeedMore) {
    outcome.read = reader.advance(text, head);
  }
  outcome.fault = reader.fault();
  return outcome;
}

void checkFields(std::string_view text, const H1Head& head) {
  WEFT_CHECK(head.bytes <= text.size() && head.bytes <= kLimits.headBytesMax);
  WEFT_CHECK(text.substr(0, head.bytes).ends_with("\r\n\r\n"));
  const H1Fields fields = head.fieldsIn(text);
  WEFT_CHECK(fields.size() <= kLimits.fieldsMax);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    WEFT_CHECK(!fields.name(i).empty());
    WEFT_CHECK(fields.at(i).valueAt + fields.at(i).valueBytes <= head.bytes);
    WEFT_CHECK(fields.value(i).find_first_of(std::string_view("\r\n\0", 3)) ==
               std::string_view::npos);
    WEFT_CHECK(fields.name(i).find_first_of(": \t") == std::string_view::npos);
  }
}

void checkHead(H1Kind kind, std::string_view text, std::size_t cut) {
  const auto whole = std::make_unique<H1Head>();
  const auto parts = std::make_unique<H1Head>();
  const HeadOutcome one = readHead(kind, text, text.size(), *whole);
  const HeadOutcome two = readHead(kind, text, cut, *parts);
  WEFT_CHECK(one.read == two.read && one.fault == two.fault);
  if (one.read != H1Read::Whole) {
    return;
  }
  WEFT_CHECK(whole->bytes == parts->bytes && whole->fieldCount == parts->fieldCount);
  checkFields(text, *whole);
  H1Framing framing;
  const H1Fault fault = kind == H1Kind::Request
                            ? readRequestFraming(text, *whole, framing)
                            : readResponseFraming(text, *whole, H1Method::Other, framing);
  WEFT_CHECK(fault != H1Fault::None || framing.body != H1Body::Length || framing.length > 0);
  WEFT_CHECK(fault != H1Fault::None || framing.length <= INT64_MAX);
}

struct BodyOutcome {
  std::string body;
  std::size_t consumed = 0;
  H1Fault fault = H1Fault::None;
  bool ended = false;

  friend bool operator==(const BodyOutcome&, const BodyOutcome&) = default;
};

BodyOutcome readBody(std::string_view text, std::size_t cut) {
  H1ChunkReader reader(kLimits);
  std::array<H1Field, 20> fields;
  BodyOutcome outcome;
  for (const std::size_t end : {cut, text.size()}) {
    for (;;) {
      const std::string_view held = text.substr(outcome.consumed, end - outcome.consumed);
      const H1ChunkStep step = reader.advance(held, fields);
      WEFT_CHECK(step.bytes <= held.size());
      if (step.event == H1ChunkEvent::Data) {
        WEFT_CHECK(step.bytes > 0);
        outcome.body += held.substr(0, step.bytes);
      }
      outcome.consumed += step.bytes;
      outcome.fault = reader.fault();
      outcome.ended = step.event == H1ChunkEvent::End;
      if (outcome.ended || step.event == H1ChunkEvent::Bad) {
        return outcome;
      }
      if (step.event == H1ChunkEvent::NeedMore) {
        break;
      }
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t cut = (data[1] * 256U + data[2]) % (text.size() + 1);
  switch (data[0] % 3) {
    case 0:
      checkHead(H1Kind::Request, text, cut);
      break;
    case 1:
      checkHead(H1Kind::Response, text, cut);
      break;
    default:
      WEFT_CHECK(readBody(text, text.size()) == readBody(text, cut));
  }
  return 0;
}
