// MemoryStream: one end of a connection of the in-memory kernel, and the socket calls on it. It
// behaves like a Linux TCP (or unix) socket where this project can tell: bounded buffers, FIN, RST,
// the order in which a dead socket gives its bytes and its error, urgent marks, EPOLLOUT only after
// a write that found no room. Made by MemoryNetwork; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "base/address.h"
#include "os/sockets.h"
#include "support/byte_queue.h"
#include "support/memory_file.h"
#include "support/memory_pipe.h"

namespace weft::test {

class MemoryNetwork;

class MemoryStream final : public MemoryFile, public std::enable_shared_from_this<MemoryStream> {
 public:
  MemoryStream(MemoryNetwork& network, std::size_t sendBytes, std::size_t receiveBytes)
      : network_(network), in_(receiveBytes), out_(sendBytes) {}

  // ---- socket calls ----

  [[nodiscard]] os::IoResult read(base::MutableBytes into);
  [[nodiscard]] os::IoResult write(base::Bytes from);
  [[nodiscard]] os::IoResult spliceTo(MemoryPipe& pipe, std::size_t bytesMax);
  [[nodiscard]] os::IoResult spliceFrom(MemoryPipe& pipe, std::size_t bytesMax);
  void shutdownWrite();

  /// FIN after what was written; a reset when something was left unread (RFC 2525, 2.17).
  void close();
  void reset();

  /// SO_ERROR: told once.
  [[nodiscard]] int takeError() noexcept;

  [[nodiscard]] std::size_t readableBytes() const noexcept { return in_.size(); }

  [[nodiscard]] std::size_t unsentBytes() const noexcept { return out_.size(); }

  /// send(MSG_OOB): the byte is part of the stream and the mark lies before it.
  [[nodiscard]] os::IoResult writeUrgent(std::byte byte);

  [[nodiscard]] std::uint8_t readyBits() override;

  [[nodiscard]] bool connecting() const noexcept { return state_ == State::Connecting; }

  [[nodiscard]] const base::Address& remoteAddress() const noexcept { return remote_; }

  // ---- for the network ----

  /// Something is on its way to the peer.
  [[nodiscard]] bool hasToDeliver() const noexcept;

  /// Moves at most `bytesMax` bytes, or the end that comes after them. False when there was
  /// nothing.
  bool deliver(std::size_t bytesMax);

  void startConnect(const base::Address& to);
  void connectFailed(int sysErrno);

  /// The connection is there: this end connected, the other one was accepted.
  void pairWith(MemoryStream& acceptedEnd, const base::Address& from);

  /// The peer has vanished: what was sent stays unanswered until a timer of the kernel gives up.
  void timeOut();

  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  enum class State : std::uint8_t { Connecting, Open, Dead };

  [[nodiscard]] std::size_t beforeMark() const noexcept;
  [[nodiscard]] os::IoResult nothingToRead();
  [[nodiscard]] std::optional<os::IoResult> refuseWrite();
  [[nodiscard]] bool writable() const noexcept;
  void consumed(std::size_t bytes);
  void receive(std::size_t bytes);
  void receiveEnd();
  void die(int sysErrno);
  void dieOfReset();

  [[nodiscard]] bool gone() const noexcept { return closed_ || state_ == State::Dead; }

  void madeRoom();
  void unpair();

  MemoryNetwork& network_;
  std::shared_ptr<MemoryStream> peer_;  ///< Both ends hold each other until both are closed.
  base::Address remote_;
  ByteQueue in_;
  ByteQueue out_;
  std::deque<std::size_t> segments_;        ///< Lengths of what is in `in_`, as it arrived.
  std::uint64_t sentPosition_ = 0;          ///< Of the first byte in `out_`.
  std::uint64_t readPosition_ = 0;          ///< Of the first byte in `in_`.
  std::optional<std::uint64_t> urgentOut_;  ///< The newest mark, not yet delivered.
  std::optional<std::uint64_t> urgentIn_;   ///< The newest mark, not yet passed.
  int error_ = 0;
  State state_ = State::Connecting;
  bool writeShut_ = false;
  bool endDelivered_ = false;
  bool resetToDeliver_ = false;
  bool unixSocket_ = false;
  bool endArrived_ = false;
  bool closed_ = false;
  bool noRoom_ = false;  ///< SOCK_NOSPACE.
};

}  // namespace weft::test
