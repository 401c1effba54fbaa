#include "support/scripted_transport.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.h"

namespace weft::test {

using transport::IoResult;
using transport::Status;

namespace {

/// The flight of whoever accepted is the long one, as with certificates.
constexpr std::array<std::size_t, 3> kFlightBytes = {300, 3000, 200};

constexpr IoResult kOk{};

IoResult failed(int sysErrno) {
  return {.sysErrno = sysErrno, .status = Status::Failed};
}

/// Differs from record to record, so that one that is lost or comes twice spoils what follows.
void cipher(base::MutableBytes payload, std::uint8_t recordNumber) {
  const auto key = static_cast<std::byte>(recordNumber * 31 + 90);
  for (std::byte& byte : payload) {
    byte ^= key;
  }
}

}  // namespace

ScriptedTransport::~ScriptedTransport() {
  if (fd_ != os::kNoFd) {
    factory_.sockets_.close(fd_);
  }
}

// ---- the interface ----

IoResult ScriptedTransport::open() noexcept {
  while (true) {
    const IoResult flushed = flush();
    if (flushed.status != Status::Ok) {
      factory_.opensWantedWrite += flushed.status == Status::WantWrite ? 1 : 0;
      return flushed;
    }
    if (flight_ == kFlightBytes.size()) {
      return kOk;
    }
    const bool ours = (flight_ % 2 == 0) == (role_ == Role::Connecting);
    if (ours) {
      std::vector<std::byte> hello(std::min(kFlightBytes[flight_], kRecordBytes));
      for (std::size_t left = kFlightBytes[flight_]; left > 0; left -= hello.size()) {
        hello.resize(std::min(left, kRecordBytes));
        putRecord(Type::Hello, hello);
      }
      ++flight_;
      continue;
    }
    const std::size_t expected = (kFlightBytes[flight_] + kRecordBytes - 1) / kRecordBytes;
    if (hellosSeen_ >= expected) {
      hellosSeen_ = 0;
      ++flight_;
      continue;
    }
    const IoResult taken = takeIn();
    if (taken.status != Status::Ok) {
      return taken;
    }
  }
}

IoResult ScriptedTransport::read(base::MutableBytes into) noexcept {
  bool pulled = factory_.style_ == ReadStyle::RecordAtATime;
  while (true) {
    if (!answerOwed()) {
      ++factory_.readsWantedWrite;
      return {.status = Status::WantWrite};
    }
    if (!plain_.empty()) {
      // One record at most, as SSL_read gives.
      const std::size_t count = plain_.pop(into.first(std::min(into.size(), kRecordBytes)));
      // More may have come since the descriptor was found empty.
      drained_ = drained_ && (pulled || !plain_.empty());
      return {.bytes = count};
    }
    if (endSeen_) {
      endGiven_ = true;
      return {.status = Status::Eof};
    }
    const IoResult taken = takeIn();
    pulled = true;
    if (taken.status == Status::Eof) {
      return failed(ECONNRESET);
    }
    if (taken.status != Status::Ok) {
      return taken;
    }
  }
}

IoResult ScriptedTransport::write(base::Bytes from) noexcept {
  WEFT_CHECK(!endSent_ && !from.empty());
  const IoResult acknowledged = awaitAck();
  if (acknowledged.status != Status::Ok) {
    return acknowledged;
  }
  if (pending_.empty()) {
    const base::Bytes payload = from.first(std::min(from.size(), kRecordBytes));
    pending_.assign(payload.begin(), payload.end());
    putRecord(Type::Data, payload);
  } else {
    // The record is encrypted already: whoever comes back with other bytes has mixed up two
    // streams.
    WEFT_CHECK(from.size() >= pending_.size() &&
               std::ranges::equal(from.first(pending_.size()), pending_));
  }
  const IoResult flushed = flush();
  if (flushed.status != Status::Ok) {
    return flushed;
  }
  const std::size_t written = pending_.size();
  pending_.clear();
  sentSinceUpdate_ += written;
  if (sentSinceUpdate_ >= kUpdateEvery && !endSeen_) {
    sentSinceUpdate_ = 0;
    awaitsAck_ = true;
    putRecord(Type::Update, {});
    static_cast<void>(flush());
  }
  return {.bytes = written};
}

IoResult ScriptedTransport::shutdownWrite() noexcept {
  if (!std::exchange(endSent_, true)) {
    putRecord(Type::End, {});
  }
  const IoResult flushed = flush();
  if (flushed.status == Status::Ok) {
    factory_.sockets_.shutdownWrite(fd_);
  }
  return flushed;
}

void ScriptedTransport::reset() noexcept {
  factory_.sockets_.reset(std::exchange(fd_, os::kNoFd));
}

bool ScriptedTransport::hasBuffered() const noexcept {
  return !plain_.empty() || wholeRecord() > 0 || (endSeen_ && !endGiven_) || !drained_;
}

bool ScriptedTransport::readsStopEarly() const noexcept {
  return factory_.style_ == ReadStyle::RecordAtATime;
}

void ScriptedTransport::dispose() noexcept {
  factory_.pool_.destroy(this);
}

// ---- writing ----

void ScriptedTransport::putRecord(Type type, base::Bytes payload) {
  std::array<std::byte, kHeaderBytes + kRecordBytes> record{};
  record[0] = static_cast<std::byte>(type);
  record[1] = static_cast<std::byte>(payload.size() >> 8U);
  record[2] = static_cast<std::byte>(payload.size() & 0xffU);
  const base::MutableBytes body = std::span(record).subspan(kHeaderBytes, payload.size());
  std::ranges::copy(payload, body.begin());
  cipher(body, sentCount_++);
  const std::size_t pushed = out_.push(std::span(record).first(kHeaderBytes + payload.size()));
  WEFT_CHECK(pushed == kHeaderBytes + payload.size());
}

/// Ok when nothing is left to send.
IoResult ScriptedTransport::flush() {
  while (!out_.empty()) {
    const os::IoResult written = factory_.sockets_.write(fd_, out_.front(out_.size()));
    if (written.status == os::IoStatus::Failed) {
      return failed(written.sysErrno);
    }
    if (written.status != os::IoStatus::Ok) {
      return {.status = Status::WantWrite};
    }
    out_.drop(written.bytes);
  }
  answerUnsent_ = false;
  return kOk;
}

/// Answers an update of the peer's. False when that wants writability. Who cannot be answered any
/// more does not wait for it either.
bool ScriptedTransport::answerOwed() {
  if (acksOwed_ > 0 && !endSent_) {
    putRecord(Type::Ack, {});
    --acksOwed_;
    answerUnsent_ = true;
  }
  return !answerUnsent_ || endSent_ || flush().status != Status::WantWrite;
}

// ---- reading ----

/// A write goes on when the last update of ours was answered.
IoResult ScriptedTransport::awaitAck() {
  while (awaitsAck_) {
    // An update that was not sent whole is not answered.
    const IoResult flushed = flush();
    if (flushed.status != Status::Ok) {
      return flushed;
    }
    const IoResult taken =
        plain_.size() >= kPlainBytes ? IoResult{.status = Status::WantRead} : takeIn();
    if (taken.status == Status::WantRead) {
      ++factory_.writesWantedRead;
    }
    if (taken.status != Status::Ok) {
      return taken.status == Status::Eof ? failed(EPIPE) : taken;
    }
  }
  return kOk;
}

/// Ok when at least one record was decoded.
IoResult ScriptedTransport::takeIn() {
  while (true) {
    const bool ahead = factory_.style_ == ReadStyle::Ahead;
    const IoResult pulled = wholeRecord() > 0 && !ahead ? kOk : pull();
    if (decode()) {
      return kOk;
    }
    if (pulled.status != Status::Ok) {
      return pulled;
    }
  }
}

/// Reads ahead until the descriptor is empty or the buffer full, or exactly what the present record
/// lacks.
IoResult ScriptedTransport::pull() {
  const bool ahead = factory_.style_ == ReadStyle::Ahead;
  while (true) {
    std::size_t wanted = kRawBytes - std::min(kRawBytes, raw_.size());
    if (!ahead) {
      const std::size_t body =
          raw_.size() < kHeaderBytes
              ? 0
              : std::to_integer<std::size_t>(raw_[1]) * 256 + std::to_integer<std::size_t>(raw_[2]);
      wanted = kHeaderBytes + body - raw_.size();
    }
    if (wanted == 0) {
      drained_ = !ahead;
      return kOk;
    }
    const std::size_t before = raw_.size();
    raw_.resize(before + wanted);
    const os::IoResult got = factory_.sockets_.read(fd_, std::span(raw_).subspan(before));
    raw_.resize(before + got.bytes);
    drained_ = !ahead || got.status != os::IoStatus::Ok;
    switch (got.status) {
      case os::IoStatus::Ok:
        break;
      case os::IoStatus::WouldBlock:
        return {.status = Status::WantRead};
      case os::IoStatus::Eof:
        return {.status = Status::Eof};
      case os::IoStatus::Failed:
        return failed(got.sysErrno);
    }
  }
}

/// The length of the first record when all of it is here, else 0.
std::size_t ScriptedTransport::wholeRecord() const noexcept {
  if (raw_.size() < kHeaderBytes) {
    return 0;
  }
  const std::size_t length = kHeaderBytes + std::to_integer<std::size_t>(raw_[1]) * 256 +
                             std::to_integer<std::size_t>(raw_[2]);
  return raw_.size() >= length ? length : 0;
}

/// False when there was no whole record, or no room for one.
bool ScriptedTransport::decode() {
  bool any = false;
  for (std::size_t length = wholeRecord(); length > 0 && plain_.size() < kPlainBytes;
       length = wholeRecord()) {
    decodeOne(std::span(raw_).first(length));
    raw_.erase(raw_.begin(), raw_.begin() + static_cast<std::ptrdiff_t>(length));
    any = true;
  }
  return any;
}

void ScriptedTransport::decodeOne(base::MutableBytes record) {
  const base::MutableBytes payload = record.subspan(kHeaderBytes);
  cipher(payload, receivedCount_++);
  switch (static_cast<Type>(record[0])) {
    case Type::Hello:
      WEFT_CHECK(std::ranges::all_of(payload, [](std::byte byte) { return byte == std::byte{}; }));
      ++hellosSeen_;
      return;
    case Type::Data:
      plain_.push(payload);
      return;
    case Type::End:
      endSeen_ = true;
      awaitsAck_ = false;
      return;
    case Type::Update:
      ++acksOwed_;
      return;
    case Type::Ack:
      awaitsAck_ = false;
      return;
  }
  WEFT_CHECK(false);
}

// ---- the factory ----

transport::TransportPtr ScriptedTransportFactory::accepted(int fd, bool) noexcept {
  return transport::TransportPtr(pool_.make(*this, fd, ScriptedTransport::Role::Accepted));
}

transport::TransportPtr ScriptedTransportFactory::connecting(int fd, bool) noexcept {
  return transport::TransportPtr(pool_.make(*this, fd, ScriptedTransport::Role::Connecting));
}

}  // namespace weft::test
