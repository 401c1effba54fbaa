// Sockets: every call on a socket or pipe as one interface, so that tests and simulations run the
// production code over an in-memory network. The kernel's version is kernel_sockets.h. A descriptor
// is a plain int here; whoever opened it closes it through the same interface. Calls on one
// descriptor come from one thread; none of them blocks.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace weft::os {

inline constexpr int kNoFd = -1;

enum class IoStatus : std::uint8_t {
  Ok,  ///< `bytes` were moved, at least one.
  WouldBlock,
  Eof,     ///< The peer has ended its half; reads only.
  Failed,  ///< See sysErrno.
};

struct IoResult {
  std::size_t bytes = 0;
  int sysErrno = 0;
  IoStatus status = IoStatus::Ok;
};

/// Keepalive probes; all zero: off.
struct KeepaliveOptions {
  base::Duration idle{};
  base::Duration interval{};
  std::uint32_t probesMax = 0;
};

/// Options of a TCP connection; ignored for unix sockets.
struct StreamOptions {
  KeepaliveOptions keepalive{};
  base::Duration userTimeout{};  ///< Zero: the kernel's own.
};

struct ListenOptions {
  base::Address address;
  std::uint32_t backlogCount = 0;
  bool ipv6Only = false;
  std::optional<std::uint32_t> unixMode;
  StreamOptions stream;  ///< Accepted sockets inherit them.
};

struct Accepted {
  int fd = kNoFd;  ///< kNoFd with sysErrno EAGAIN when nobody waits.
  int sysErrno = 0;
  base::Address peer;
};

struct PipeFds {
  int read = kNoFd;
  int write = kNoFd;
  std::size_t capacityBytes = 0;
};

class Sockets {
 public:
  virtual ~Sockets() = default;

  /// Bound and listening, non-blocking, close-on-exec. A unix socket file that nobody listens on
  /// any more is replaced.
  [[nodiscard]] virtual base::Result<int> listen(const ListenOptions& options) = 0;

  /// Changes backlog, mode and what later accepted sockets inherit.
  virtual void setListenOptions(int fd, const ListenOptions& options) noexcept = 0;

  /// Lets nobody else begin to connect to a listening socket; who waits in it can still be
  /// accepted, and so can who is within a handshake, for as long as is returned. Without this, who
  /// comes between the last accept and the close is let in and then reset.
  [[nodiscard]] virtual base::Duration refuseNew(int listener) noexcept = 0;

  /// Closes a listening socket; removes the file of a unix socket that is still ours.
  virtual void closeListener(int fd, const base::Address& address) noexcept = 0;

  /// Where a listening socket is bound, with the port that the kernel chose.
  [[nodiscard]] virtual base::Address listenAddress(int listener) const = 0;

  [[nodiscard]] virtual Accepted accept(int listener) = 0;

  /// A socket whose connection is being made or has been made; writability or an error follows.
  [[nodiscard]] virtual base::Result<int> connect(const base::Address& address,
                                                  const StreamOptions& options) = 0;

  /// How an attempt ended: 0 when connected, else its errno. Reading it clears it.
  [[nodiscard]] virtual int connectError(int fd) noexcept = 0;

  [[nodiscard]] virtual IoResult read(int fd, base::MutableBytes into) noexcept = 0;
  [[nodiscard]] virtual IoResult write(int fd, base::Bytes from) noexcept = 0;

  /// Sends FIN after what was written.
  virtual void shutdownWrite(int fd) noexcept = 0;
  virtual void close(int fd) noexcept = 0;

  /// Closes so that the peer sees a reset; what was not sent is lost.
  virtual void reset(int fd) noexcept = 0;

  /// Bytes that a read would find (FIONREAD).
  [[nodiscard]] virtual std::size_t readableBytes(int fd) noexcept = 0;

  /// Bytes written that the peer's kernel has not taken yet (SIOCOUTQ).
  [[nodiscard]] virtual std::size_t unsentBytes(int fd) noexcept = 0;

  /// Where the other side is; an unnamed unix address when that cannot be told.
  [[nodiscard]] virtual base::Address peerAddress(int fd) = 0;

  /// Where this side is; the same.
  [[nodiscard]] virtual base::Address ownAddress(int fd) = 0;

  /// Where the peer meant to go before its connection was redirected to us; nothing when it was
  /// not redirected.
  [[nodiscard]] virtual std::optional<base::Address> originalDst(int fd) = 0;

  /// `wantedBytes` is what is asked for; the kernel may give less.
  [[nodiscard]] virtual base::Result<PipeFds> openPipe(std::size_t wantedBytes) = 0;
  virtual void closePipe(const PipeFds& pipe) noexcept = 0;

  /// Socket to pipe. WouldBlock means that the socket is empty, or that the pipe has no free slot.
  [[nodiscard]] virtual IoResult spliceIn(int fd, const PipeFds& pipe,
                                          std::size_t bytesMax) noexcept = 0;

  /// Pipe to socket.
  [[nodiscard]] virtual IoResult spliceOut(const PipeFds& pipe, int fd,
                                           std::size_t bytesMax) noexcept = 0;
};

}  // namespace weft::os
