#include "transport/outbox.h"

#include <cerrno>
#include <cstddef>

#include "base/bytes.h"
#include "os/buffer_pool.h"
#include "os/poller.h"
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

Outbox::Flushed Outbox::pass(base::Bytes bytes, os::BufferPool& buffers, Side& side,
                             os::Poller& poller, os::Pollable& pollable) noexcept {
  Flushed flushed = flush(side, poller, pollable);
  while (!flushed.failed && held_.empty() && !bytes.empty() && side.writeReady) {
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
