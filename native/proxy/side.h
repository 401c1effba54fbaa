// Side: one of the two transports of a session, and what is known about its readiness. With edge-triggered
// readiness nobody tells twice, so that it is remembered here until a call says otherwise.
#pragma once

#include "os/poller.h"
#include "transport/transport.h"

namespace weft::proxy {

struct Side {
  transport::TransportPtr transport;
  bool readReady = false;
  bool writeReady = true;       ///< Until a write says otherwise.
  bool readHangup = false;      ///< FIN or a failure waits behind what can be read.
  bool urgent = false;          ///< Urgent data was seen: reads stop at its mark, splice gets stuck there.
  bool writeArmed = false;      ///< Registered for writability.
  bool readWantsWrite = false;  ///< The last read wants writability.
  bool writeWantsRead = false;  ///< The last write wants readability.

  void note(os::Ready ready) noexcept;

  /// A read has ended with WantRead or WantWrite.
  void readBlocked(transport::Status status, os::Poller& poller, os::Pollable& pollable) noexcept;

  /// A write has ended with WantWrite or WantRead, or took only a part.
  void writeBlocked(transport::Status status, os::Poller& poller, os::Pollable& pollable) noexcept;

  /// Whether a read that was not filled can have left something behind.
  [[nodiscard]] bool mayHoldMore() const noexcept {
    return readHangup || urgent || transport->readsStopEarly() || transport->hasBuffered();
  }

 private:
  void armWrite(os::Poller& poller, os::Pollable& pollable) noexcept;
};

}  // namespace weft::proxy
