// ScriptedTransport: a transport with everything that TLS will bring and a plain one does not have:
// a handshake of three flights, bytes that are not the descriptor's, decrypted bytes that wait
// while the descriptor has none, reads that want writability (an update of keys is answered first),
// writes that want readability (no more than one update is under way), a write that took a part
// because a record was full, and one that has to be repeated with the same bytes. Both ends of a
// connection are of this kind. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "os/object_pool.h"
#include "os/sockets.h"
#include "support/byte_queue.h"
#include "transport/transport.h"

namespace weft::test {

/// How it reads its descriptor.
enum class ReadStyle : std::uint8_t {
  Ahead,          ///< All there is; a read that was not filled has left the descriptor empty.
  RecordAtATime,  ///< Not a byte more than the present record, so that a short read says nothing.
};

class ScriptedTransportFactory;

class ScriptedTransport final : public transport::Transport {
 public:
  enum class Role : std::uint8_t { Connecting, Accepted };

  ScriptedTransport(ScriptedTransportFactory& factory, int fd, Role role) noexcept
      : factory_(factory), fd_(fd), role_(role) {}

  ~ScriptedTransport() override;

  ScriptedTransport(const ScriptedTransport&) = delete;
  ScriptedTransport& operator=(const ScriptedTransport&) = delete;

  [[nodiscard]] int fd() const noexcept override { return fd_; }

  [[nodiscard]] transport::IoResult open() noexcept override;
  [[nodiscard]] transport::IoResult read(base::MutableBytes into) noexcept override;
  [[nodiscard]] transport::IoResult write(base::Bytes from) noexcept override;
  [[nodiscard]] transport::IoResult shutdownWrite() noexcept override;
  void reset() noexcept override;
  [[nodiscard]] bool hasBuffered() const noexcept override;

  [[nodiscard]] int spliceFd() const noexcept override { return os::kNoFd; }

  [[nodiscard]] bool readsStopEarly() const noexcept override;
  void dispose() noexcept override;

 private:
  enum class Type : std::uint8_t { Hello = 1, Data, End, Update, Ack };

  static constexpr std::size_t kHeaderBytes = 3;
  static constexpr std::size_t kRecordBytes = 1000;
  static constexpr std::size_t kRawBytes = 8192;
  static constexpr std::size_t kUpdateEvery = 20'000;

  /// More than the peer can send before it needs an answer itself; less, and two proxied streams
  /// whose answers wait behind each other's bytes would stop for ever.
  static constexpr std::size_t kPlainBytes = 65'536;

  void putRecord(Type type, base::Bytes payload);
  [[nodiscard]] transport::IoResult flush();
  [[nodiscard]] transport::IoResult takeIn();
  [[nodiscard]] transport::IoResult awaitAck();
  [[nodiscard]] transport::IoResult pull();
  [[nodiscard]] std::size_t wholeRecord() const noexcept;
  bool decode();
  void decodeOne(base::MutableBytes record);
  [[nodiscard]] bool answerOwed();

  ScriptedTransportFactory& factory_;
  int fd_;
  const Role role_;
  std::vector<std::byte> raw_;  ///< Read from the descriptor, not decoded yet.
  ByteQueue plain_{kPlainBytes + kRecordBytes};
  ByteQueue out_{4 * (kHeaderBytes + kRecordBytes) + kRawBytes};
  std::vector<std::byte> pending_;  ///< What the record under way was made from.
  std::size_t sentSinceUpdate_ = 0;
  std::uint8_t sentCount_ = 0;
  std::uint8_t receivedCount_ = 0;
  std::uint8_t flight_ = 0;
  std::uint8_t hellosSeen_ = 0;
  std::uint8_t acksOwed_ = 0;
  bool awaitsAck_ = false;
  bool answerUnsent_ = false;
  bool drained_ = true;  ///< The last read of the descriptor found it empty.
  bool endSent_ = false;
  bool endSeen_ = false;
  bool endGiven_ = false;
};

class ScriptedTransportFactory final : public transport::TransportFactory {
 public:
  ScriptedTransportFactory(os::Sockets& sockets, ReadStyle style) noexcept
      : sockets_(sockets), style_(style) {}

  [[nodiscard]] transport::TransportPtr accepted(int fd, bool unixSocket) noexcept override;
  [[nodiscard]] transport::TransportPtr connecting(int fd, bool unixSocket) noexcept override;

  void trim() noexcept override { pool_.trim(); }

  // ---- what has happened, over all transports ----

  std::uint64_t readsWantedWrite = 0;
  std::uint64_t writesWantedRead = 0;
  std::uint64_t opensWantedWrite = 0;

 private:
  friend class ScriptedTransport;

  os::Sockets& sockets_;
  const ReadStyle style_;
  os::ObjectPool<ScriptedTransport> pool_;
};

}  // namespace weft::test
