// Transport: one byte stream over a descriptor, plain or secured. A read may want writability and a
// write readability; bytes may be ready while the descriptor is not. Owned by whoever holds the
// TransportPtr; one thread; no call blocks. A transport closes its descriptor when it dies (in
// order, unless reset() came first).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace weft::transport {

enum class Status : std::uint8_t {
  Ok,
  WantRead,   ///< Go on when the descriptor is readable.
  WantWrite,  ///< Go on when the descriptor is writable.
  Eof,        ///< Reads only: the peer ended its half in order.
  Failed,     ///< See sysErrno.
};

struct IoResult {
  std::size_t bytes = 0;
  int sysErrno = 0;
  Status status = Status::Ok;
};

class Transport {
 public:
  virtual ~Transport() = default;

  /// For the poller. Stays the transport's.
  [[nodiscard]] virtual int fd() const noexcept = 0;

  /// Goes on with the handshake: Ok when bytes may flow. Again after what it wants.
  [[nodiscard]] virtual IoResult open() noexcept = 0;

  /// Ok moves at least one byte.
  [[nodiscard]] virtual IoResult read(base::MutableBytes into) noexcept = 0;
  [[nodiscard]] virtual IoResult write(base::Bytes from) noexcept = 0;

  /// Ends our half after what was written: Ok when done, else again after what it wants.
  [[nodiscard]] virtual IoResult shutdownWrite() noexcept = 0;

  /// Closes at once so that the peer sees a reset. Nothing else may be called afterwards.
  virtual void reset() noexcept = 0;

  /// Bytes that read() would give without the descriptor being readable.
  [[nodiscard]] virtual bool hasBuffered() const noexcept = 0;

  /// The descriptor whose bytes are the stream's bytes, for splice; os::kNoFd when they are not.
  [[nodiscard]] virtual int spliceFd() const noexcept = 0;

  /// True when a read that was not filled says nothing about what is left: the stream has marks or
  /// messages inside.
  [[nodiscard]] virtual bool readsStopEarly() const noexcept = 0;

  /// Frees the object; see TransportPtr.
  virtual void dispose() noexcept = 0;
};

struct TransportDispose {
  void operator()(Transport* transport) const noexcept { transport->dispose(); }
};

using TransportPtr = std::unique_ptr<Transport, TransportDispose>;

/// Makes transports of connected (or connecting) descriptors, which become theirs. One for each
/// worker.
class TransportFactory {
 public:
  virtual ~TransportFactory() = default;

  /// Null when there is no memory; the descriptor is then closed.
  [[nodiscard]] virtual TransportPtr accepted(int fd, bool unixSocket) noexcept = 0;
  [[nodiscard]] virtual TransportPtr connecting(int fd, bool unixSocket) noexcept = 0;

  /// Gives unused memory back to the kernel.
  virtual void trim() noexcept = 0;
};

}  // namespace weft::transport
