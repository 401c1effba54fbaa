#include "transport/outbox.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/clock.h"
#include "os/buffer_pool.h"
#include "os/poller.h"
#include "os/sockets.h"
#include "os/splice_pipe.h"
#include "transport/side.h"
#include "transport/transport.h"

namespace weft::transport {

void Outbox::added(std::size_t bytes) noexcept {
  held_.added(bytes);
  if (held_.size() == 0) {
    held_.release();
  }
}

Outbox::Flushed Outbox::flush(Side& side, os::Poller& poller, os::Pollable& pollable) noexcept {
  Flushed flushed;
  if (pipe_ != nullptr) {
    flushed = drain(side, poller, pollable);
    if (pipe_ != nullptr) {
      return flushed;
    }
  }
  while (!held_.empty() && side.writeReady) {
    const IoResult written = side.transport->write(held_.unread());
    side.afterWrite();
    if (written.status == Status::Failed) {
      flushed.failed = true;
      flushed.sysErrno = written.sysErrno;
      return flushed;
    }
    if (written.status != Status::Ok) {
      side.writeBlocked(written.status, poller, pollable);
      return flushed;
    }
    flushed.bytes += written.bytes;
    held_.consume(written.bytes);
    // A descriptor that took a part is full; a secured transport may have ended a record.
    if (!held_.empty() && !side.secured) {
      side.writeBlocked(Status::WantWrite, poller, pollable);
    }
  }
  return flushed;
}

Outbox::Flushed Outbox::drain(Side& side, os::Poller& poller, os::Pollable& pollable) noexcept {
  Flushed flushed;
  while (pipe_ != nullptr && side.writeReady && !flushed.failed) {
    const os::IoResult drained = pipe_->drainTo(side.transport->spliceFd());
    if (drained.status == os::IoStatus::WouldBlock) {
      side.writeBlocked(Status::WantWrite, poller, pollable);
    } else if (drained.status == os::IoStatus::Ok) {
      flushed.bytes += drained.bytes;
      if (pipe_->size() == 0) {
        pipe_.reset();
      }
    } else {
      flushed.sysErrno = drained.sysErrno == 0 ? EPIPE : drained.sysErrno;
      flushed.failed = true;
    }
  }
  return flushed;
}

std::size_t Outbox::splice(Side& from, std::uint64_t bytesMax, const Side& to, os::PipePool& pipes,
                           base::TimePoint now) noexcept {
  const int fromFd = from.transport->spliceFd();
  if (!empty() || from.urgent || fromFd == os::kNoFd || to.transport->spliceFd() == os::kNoFd) {
    return 0;
  }
  pipe_ = pipes.take(now);
  if (pipe_ == nullptr) {
    return 0;
  }
  const os::IoResult filled = pipe_->fillFrom(fromFd, bytesMax);
  if (filled.status != os::IoStatus::Ok) {
    // Only a read tells an end from urgent data.
    pipe_.reset();
    return 0;
  }
  if (filled.bytes < pipe_->capacityBytes() && !from.readHangup &&
      pipes.sockets().readableBytes(fromFd) == 0) {
    from.readDrained();
  }
  return filled.bytes;
}

Outbox::Flushed Outbox::pass(base::Bytes bytes, os::BufferPool& buffers, Side& side,
                             os::Poller& poller, os::Pollable& pollable) noexcept {
  Flushed flushed = flush(side, poller, pollable);
  while (!flushed.failed && empty() && !bytes.empty() && side.writeReady) {
    const IoResult written = side.transport->write(bytes);
    side.afterWrite();
    if (written.status == Status::Failed) {
      flushed.failed = true;
      flushed.sysErrno = written.sysErrno;
    } else if (written.status != Status::Ok) {
      side.writeBlocked(written.status, poller, pollable);
    } else {
      flushed.bytes += written.bytes;
      bytes = bytes.subspan(written.bytes);
      if (!bytes.empty() && !side.secured) {
        side.writeBlocked(Status::WantWrite, poller, pollable);
      }
    }
  }
  if (!flushed.failed && !add(buffers, bytes)) {
    flushed.failed = true;
    flushed.sysErrno = ENOMEM;
  }
  return flushed;
}

}  // namespace weft::transport
