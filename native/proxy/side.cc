#include "proxy/side.h"

namespace weft::proxy {

using os::Ready;
using transport::Status;

void Side::note(Ready ready) noexcept {
  const bool failed = ready.has(Ready::kFailed);
  const bool readable = ready.has(Ready::kReadable | Ready::kReadHangup | Ready::kUrgent) || failed;
  const bool writable = ready.has(Ready::kWritable) || failed;
  readHangup = readHangup || failed || ready.has(Ready::kReadHangup);
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

/// Once in the life of a descriptor: arming reports at once when it is writable already, so nothing is missed.
void Side::armWrite(os::Poller& poller, os::Pollable& pollable) noexcept {
  if (!writeArmed) {
    writeArmed = true;
    poller.modify(transport->fd(), os::Interest::ReadWrite, pollable);
  }
}

}  // namespace weft::proxy
