#include "transport/side.h"

#include <utility>

#include "os/poller.h"
#include "os/sockets.h"
#include "transport/transport.h"

namespace weft::transport {

using os::Ready;

void Side::adopt(TransportPtr made) noexcept {
  transport = std::move(made);
  secured = transport->spliceFd() == os::kNoFd;
}

void Side::note(Ready ready) noexcept {
  const bool failure = ready.has(Ready::kFailed);
  const bool readable =
      ready.has(Ready::kReadable | Ready::kReadHangup | Ready::kUrgent) || failure;
  const bool writable = ready.has(Ready::kWritable) || failure;
  failed = failed || failure;
  readHangup = readHangup || failure || ready.has(Ready::kReadHangup);
  urgent = urgent || ready.has(Ready::kUrgent);
  readReady = readReady || (readWantsWrite ? writable : readable);
  writeReady = writeReady || (writeWantsRead ? readable : writable);
}

void Side::readBlocked(Status status, os::Poller& poller, os::Pollable& pollable) noexcept {
  readReady = false;
  readWantsWrite = status == Status::WantWrite;
  if (readWantsWrite) {
    armWrite(poller, pollable);
  }
}

void Side::writeBlocked(Status status, os::Poller& poller, os::Pollable& pollable) noexcept {
  writeReady = false;
  writeWantsRead = status == Status::WantRead;
  if (!writeWantsRead) {
    armWrite(poller, pollable);
  }
}

void Side::reviveRead() noexcept {
  if (!readReady && transport->hasBuffered()) {
    readReady = true;
    revived = true;
  }
}

void Side::reviveWrite() noexcept {
  writeWantsRead = false;
  writeReady = true;
  revived = true;
}

/// Once in the life of a descriptor: arming reports at once when it is writable already, so nothing
/// is missed.
void Side::armWrite(os::Poller& poller, os::Pollable& pollable) noexcept {
  if (!writeArmed) {
    writeArmed = true;
    poller.modify(transport->fd(), os::Interest::ReadWrite, pollable);
  }
}

}  // namespace weft::transport
