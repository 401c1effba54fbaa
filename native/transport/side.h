// Side: one of the two transports of a session, and what is known about its readiness. With
// edge-triggered readiness nobody tells twice, so that it is remembered here until a call says
// otherwise.
#pragma once

#include "os/poller.h"
#include "transport/transport.h"

namespace weft::transport {

struct Side {
  TransportPtr transport;
  bool readReady = false;
  bool writeReady = true;   ///< Until a write says otherwise.
  bool readHangup = false;  ///< FIN or a failure waits behind what can be read.
  bool urgent = false;  ///< Urgent data was seen: reads stop at its mark, splice gets stuck there.
  bool writeArmed : 1 = false;      ///< Registered for writability.
  bool readWantsWrite : 1 = false;  ///< The last read wants writability.
  bool writeWantsRead : 1 = false;  ///< The last write wants readability.
  bool secured : 1 = false;         ///< The stream's bytes are not the descriptor's.
  bool failed : 1 = false;          ///< The descriptor has failed, or both its halves have ended.
  bool revived : 1 =
      false;  ///< Made ready by a call for the other direction, of which no event tells.

  void adopt(TransportPtr made) noexcept;

  void note(os::Ready ready) noexcept;

  /// Something was noted that no read will find.
  [[nodiscard]] bool wantsLook() const noexcept { return revived || failed; }

  /// A read may have taken in what a write waits for.
  void afterRead() noexcept {
    if (writeWantsRead) [[unlikely]] {
      reviveWrite();
    }
  }

  /// A write may have taken in what a read gives.
  void afterWrite() noexcept {
    if (secured) {
      reviveRead();
    }
  }

  /// Nothing is left to read, as far as a read that succeeded can tell: readability will say more.
  void readDrained() noexcept {
    readReady = false;
    readWantsWrite = false;
  }

  /// A read has ended with WantRead or WantWrite.
  void readBlocked(Status status, os::Poller& poller, os::Pollable& pollable) noexcept;

  /// A write has ended with WantWrite or WantRead, or took only a part.
  void writeBlocked(Status status, os::Poller& poller, os::Pollable& pollable) noexcept;

  /// Whether a read that was not filled can have left something behind.
  [[nodiscard]] bool mayHoldMore() const noexcept {
    return readHangup || urgent || transport->readsStopEarly() || transport->hasBuffered();
  }

 private:
  void armWrite(os::Poller& poller, os::Pollable& pollable) noexcept;
  void reviveRead() noexcept;
  void reviveWrite() noexcept;
};

}  // namespace weft::transport
