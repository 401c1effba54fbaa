// The response of an HttpClient: where its head, its body and its end are, and what is told of
// them.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "os/loop.h"
#include "telemetry/cell_table.h"
#include "telemetry/cells.h"
#include "telemetry/close_reason.h"
#include "transport/outbox.h"
#include "transport/transport.h"
#include "upstream/cluster_runtime.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"
#include "upstream/head_intake.h"
#include "upstream/http_client.h"

namespace weft::upstream {

using telemetry::CloseReason;
using telemetry::EndpointTcpCell;
using transport::Status;

namespace {

/// Responses before the one that counts; a server that sends more goes on for ever.
constexpr std::uint32_t kInterimMax = 1000;

constexpr std::uint16_t kSwitchingProtocols = 101;

}  // namespace

/// How much was read, and told.
std::size_t HttpClient::readMore() noexcept {
  const base::MutableBytes into =
      memory_.scratch.first(std::min(HttpMemory::kReadBytesMax, memory_.scratch.size()));
  const transport::IoResult read = side_.transport->read(into);
  side_.afterRead();
  switch (read.status) {
    case Status::Ok:
      break;
    case Status::Eof:
      readEnded();
      return 0;
    case Status::Failed:
      fail(telemetry::upstreamLoss(read.sysErrno), read.sysErrno);
      return 0;
    case Status::WantRead:
    case Status::WantWrite:
      side_.readBlocked(read.status, context_.loop.poller(), *this);
      if (writeFailed_) {
        fail(telemetry::upstreamLoss(writeErrno_), writeErrno_);
      }
      return 0;
  }
  if (read.bytes < into.size() && !side_.mayHoldMore()) {
    side_.readDrained();
  }
  cells().add(EndpointTcpCell::kReadBytes, read.bytes);
  if (in_.empty()) {
    feed(into.first(read.bytes), false);
  } else if (memory_.buffers.append(in_, into.first(read.bytes))) {
    feed(in_.unread(), true);
  } else {
    fail(CloseReason::BufferLimit, ENOMEM, true);
  }
  return read.bytes;
}

/// Below a size, and where something is held, copying is as good.
std::size_t HttpClient::spliceMore() noexcept {
  if (part_ != Part::Length || bodyLeft_ < transport::Outbox::kSplicedBytesMin || !in_.empty() ||
      writeFailed_) {
    return 0;
  }
  const std::size_t bytes = owner_->spliceResponse(side_, bodyLeft_);
  if (bytes > 0 && state_ == State::Busy) {
    cells().add(EndpointTcpCell::kReadBytes, bytes);
    bodyLeft_ -= bytes;
    if (bodyLeft_ == 0) {
      responseOver({});
      if (state_ == State::Busy) {
        done();
      }
    }
  }
  return bytes;
}

void HttpClient::readEnded() noexcept {
  if (part_ == Part::UntilClose) {
    responseOver({});
    if (state_ == State::Busy) {
      done();
    }
    return;
  }
  fail(CloseReason::UpstreamClosed, 0);
}

/// Goes through what has come; what cannot be told yet stays in the buffer.
void HttpClient::feed(base::Bytes bytes, bool buffered) noexcept {
  base::Bytes rest = bytes;
  while (part_ != Part::Over) {
    const std::size_t used = step(base::textOf(rest));
    if (state_ != State::Busy) {
      return;
    }
    if (used == 0) {
      break;
    }
    rest = rest.subspan(used);
  }
  if (buffered) {
    in_.consume(bytes.size() - rest.size());
  } else if (!rest.empty() && !memory_.buffers.append(in_, rest)) {
    fail(CloseReason::BufferLimit, ENOMEM, true);
    return;
  }
  if (std::exchange(tunnel_, false)) {
    owner_->onTunnel();
  } else if (part_ == Part::Over) {
    done();
  }
}

/// One event out of what has come; how many bytes are done with.
std::size_t HttpClient::step(std::string_view held) noexcept {
  switch (part_) {
    case Part::Head:
      return stepHead(held);
    case Part::Length: {
      const std::size_t bytes = passBody(held, bodyLeft_);
      bodyLeft_ -= bytes;
      if (bodyLeft_ == 0 && state_ == State::Busy) {
        responseOver({});
      }
      return bytes;
    }
    case Part::UntilClose:
      return passBody(held, held.size());
    case Part::Chunks:
      return stepChunks(held);
    case Part::Over:
      break;
  }
  return 0;
}

std::size_t HttpClient::passBody(std::string_view held, std::uint64_t bytesMax) noexcept {
  const std::string_view body = held.substr(0, bytesMax);
  if (!body.empty()) {
    owner_->onResponseBody(base::bytesOf(body));
  }
  return body.size();
}

std::size_t HttpClient::stepHead(std::string_view held) noexcept {
  if (held.empty()) {
    return 0;
  }
  responseBegun_ = true;
  const HeadIntake::Read read =
      intake_.advance(memory_, codec::H1Kind::Response, codec::H1Limits{}, held);
  switch (read.state) {
    case HeadIntake::State::NeedMore:
      return 0;
    case HeadIntake::State::NoMemory:
      fail(CloseReason::BufferLimit, ENOMEM, true);
      return 0;
    case HeadIntake::State::Bad:
      fail(CloseReason::ResponseInvalid, 0);
      return 0;
    case HeadIntake::State::Whole:
      break;
  }
  const std::size_t bytes = read.head->bytes;
  headRead(held, *read.head);
  if (state_ == State::Busy) {
    intake_.reset();
  }
  return bytes;
}

void HttpClient::headRead(std::string_view held, const codec::H1Head& head) noexcept {
  codec::H1Framing framing;
  if (codec::readResponseFraming(held, head, method_, framing) != codec::H1Fault::None) {
    fail(CloseReason::ResponseInvalid, 0);
    return;
  }
  if (endpoint_.earlyCloseCount > 0) {
    cluster_.answered(endpoint_);
  }
  tunnel_ = framing.body == codec::H1Body::Tunnel;
  if (head.status < 200 && !tunnel_) {
    if (++interimCount_ > kInterimMax) {
      fail(CloseReason::ResponseInvalid, 0);
    } else {
      owner_->onInterim(held, head);
    }
    return;
  }
  if (head.status == kSwitchingProtocols && (!upgradeAsked_ || !requestEnded_)) {
    fail(CloseReason::ResponseInvalid, 0);
    return;
  }
  keepAlive_ = framing.keepAlive;
  bodyLeft_ = framing.length;
  switch (framing.body) {
    case codec::H1Body::Length:
      part_ = Part::Length;
      break;
    case codec::H1Body::Chunked:
      part_ = Part::Chunks;
      chunks_ = codec::H1ChunkReader(codec::H1Limits{});
      break;
    case codec::H1Body::UntilClose:
      part_ = Part::UntilClose;
      break;
    case codec::H1Body::None:
    case codec::H1Body::Tunnel:
      part_ = Part::Over;
      break;
  }
  owner_->onResponseHead(held, head, framing);
  if (framing.body == codec::H1Body::None && state_ == State::Busy) {
    responseOver({});
  }
}

std::size_t HttpClient::stepChunks(std::string_view held) noexcept {
  std::array<codec::H1Field, codec::kH1FieldsMax>& fields = memory_.head.fields;
  const codec::H1ChunkStep step = chunks_.advance(held, fields);
  switch (step.event) {
    case codec::H1ChunkEvent::NeedMore:
      return 0;
    case codec::H1ChunkEvent::Data:
      return passBody(held, step.bytes);
    case codec::H1ChunkEvent::Passed:
      break;
    case codec::H1ChunkEvent::End:
      responseOver(codec::trailersOf(held.substr(0, step.bytes), fields));
      break;
    case codec::H1ChunkEvent::Bad:
      fail(CloseReason::ResponseInvalid, 0);
      break;
  }
  return step.bytes;
}

void HttpClient::responseOver(const codec::H1Trailers& trailers) noexcept {
  part_ = Part::Over;
  owner_->onResponseEnd(trailers);
}

}  // namespace weft::upstream
