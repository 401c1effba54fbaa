#include "support/http_messages.h"

#include <array>
#include <memory>
#include <span>

#include "codec/h1_chunk_reader.h"
#include "codec/h1_fault.h"
#include "codec/http_text.h"

namespace weft::test {

namespace {

using codec::H1Body;
using codec::H1Fault;

/// What is left of the bytes, and what was made of those before.
struct Rest {
  std::string_view bytes;
  bool ended;
};

HttpFields copied(const codec::H1Fields& fields) {
  HttpFields copies;
  for (std::size_t index = 0; index < fields.size(); ++index) {
    copies.emplace_back(fields.name(index), fields.value(index));
  }
  return copies;
}

/// False: there is not more of it, or it is bad.
bool readBody(const codec::H1Framing& framing, Rest& rest, HttpMessage& message, std::string& bad) {
  switch (framing.body) {
    case H1Body::None:
      message.whole = true;
      return true;
    case H1Body::Length: {
      const std::string_view body = rest.bytes.substr(0, framing.length);
      message.body = body;
      rest.bytes.remove_prefix(body.size());
      message.whole = body.size() == framing.length;
      return message.whole;
    }
    case H1Body::UntilClose:
    case H1Body::Tunnel:
      message.body = rest.bytes;
      rest.bytes = {};
      message.whole = rest.ended;
      return false;
    case H1Body::Chunked:
      break;
  }
  codec::H1ChunkReader chunks(codec::H1Limits{});
  const auto fields = std::make_unique<std::array<codec::H1Field, codec::kH1FieldsMax>>();
  for (;;) {
    const codec::H1ChunkStep step = chunks.advance(rest.bytes, *fields);
    switch (step.event) {
      case codec::H1ChunkEvent::NeedMore:
        return false;
      case codec::H1ChunkEvent::Bad:
        bad = codec::h1FaultName(chunks.fault());
        return false;
      case codec::H1ChunkEvent::Data:
        message.body += rest.bytes.substr(0, step.bytes);
        break;
      case codec::H1ChunkEvent::Passed:
        break;
      case codec::H1ChunkEvent::End:
        message.trailers = copied({rest.bytes, std::span(*fields).first(chunks.trailerCount())});
        message.whole = true;
        break;
    }
    rest.bytes.remove_prefix(step.bytes);
    if (message.whole) {
      return true;
    }
  }
}

/// The next message; false when there is none, or the last one.
template <typename ReadFraming>
bool readMessage(codec::H1Kind kind, Rest& rest, HttpMessages& found, ReadFraming readFraming) {
  const auto head = std::make_unique<codec::H1Head>();
  codec::H1HeadReader reader(kind, {.headBytesMax = 1U << 20U, .fieldsMax = codec::kH1FieldsMax});
  const codec::H1Read read = reader.advance(rest.bytes, *head);
  if (read == codec::H1Read::Bad) {
    found.bad = codec::h1FaultName(reader.fault());
  }
  if (read != codec::H1Read::Whole) {
    return false;
  }
  HttpMessage message;
  message.method = head->method.in(rest.bytes);
  message.target = head->target.in(rest.bytes);
  message.status = head->status;
  message.minorVersion = head->minorVersion;
  message.fields = copied(head->fieldsIn(rest.bytes));
  message.head = rest.bytes.substr(0, head->bytes);
  codec::H1Framing framing;
  if (const H1Fault fault = readFraming(*head, framing); fault != H1Fault::None) {
    found.bad = codec::h1FaultName(fault);
    return false;
  }
  message.keepAlive = framing.keepAlive;
  const std::size_t held = rest.bytes.size();
  rest.bytes.remove_prefix(head->bytes);
  const bool goesOn = readBody(framing, rest, message, found.bad);
  message.bytes = held - rest.bytes.size();
  found.messages.push_back(std::move(message));
  return goesOn;
}

}  // namespace

std::string HttpMessage::field(std::string_view name) const {
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string_view line = std::string_view(head).substr(at, end - at);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && codec::equalsLower(line.substr(0, colon), name)) {
      return std::string(codec::trimmed(line.substr(colon + 1)));
    }
    at = end + 2;
  }
  return {};
}

HttpMessages requestsIn(std::string_view bytes) {
  HttpMessages found;
  Rest rest{.bytes = bytes, .ended = false};
  while (!rest.bytes.empty() &&
         readMessage(codec::H1Kind::Request, rest, found,
                     [&rest](const codec::H1Head& head, codec::H1Framing& framing) {
                       return codec::readRequestFraming(rest.bytes, head, framing);
                     })) {
  }
  return found;
}

HttpMessages responsesIn(std::string_view bytes, const std::vector<std::string>& methods,
                         bool ended) {
  HttpMessages found;
  Rest rest{.bytes = bytes, .ended = ended};
  std::size_t answered = 0;
  while (!rest.bytes.empty() &&
         readMessage(codec::H1Kind::Response, rest, found,
                     [&](const codec::H1Head& head, codec::H1Framing& framing) {
                       const std::string method =
                           answered < methods.size() ? methods[answered] : std::string();
                       answered += head.status >= 200 || head.status == 101 ? 1 : 0;
                       return codec::readResponseFraming(rest.bytes, head,
                                                         codec::h1MethodOf(method), framing);
                     })) {
  }
  return found;
}

}  // namespace weft::test
