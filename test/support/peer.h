// Peer: the other end of a connection to or from the proxy: a client, or what an endpoint accepted.
// It writes what it was given as room allows, reads as much as it may, and remembers what came and
// how it ended. It has no poller: a test steps it. Endpoint: a listening socket whose connections
// are peers. One thread.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "os/sockets.h"
#include "transport/transport.h"

namespace weft::test {

class Peer {
 public:
  explicit Peer(transport::TransportPtr transport) : transport_(std::move(transport)) {}

  /// Does what can be done now. False when that was nothing.
  bool step();

  /// To be written, after what was given before.
  void send(std::string_view bytes) { outbox_.append(bytes); }

  /// Ends its half when all was written.
  void finish() { finishing_ = true; }

  /// Closes at once with a reset.
  void reset();

  /// Closes at once, both halves.
  void close() { transport_.reset(); }

  /// It reads no more than so many bytes in all, until told otherwise.
  void setReadMax(std::size_t bytes) { readMax_ = bytes; }

  void readOn() { readMax_ = kNoLimit; }

  /// One call reads or writes at most so much.
  void setCallBytes(std::size_t bytes) { callBytes_ = bytes; }

  [[nodiscard]] bool opened() const { return opened_; }

  [[nodiscard]] const std::string& received() const { return received_; }

  /// The proxy has ended its half in order.
  [[nodiscard]] bool ended() const { return ended_; }

  /// The errno of the first call that failed; 0 when none did.
  [[nodiscard]] int failure() const { return failure_; }

  /// Nothing more will come: the end, or a failure.
  [[nodiscard]] bool over() const { return ended_ || failure_ != 0; }

  /// Bytes that the descriptor took.
  [[nodiscard]] std::size_t sentBytes() const { return sentBytes_; }

  /// All was written, the end too if there is to be one.
  [[nodiscard]] bool sentAll() const {
    return outboxStart_ == outbox_.size() && (!finishing_ || finished_);
  }

  [[nodiscard]] bool closed() const { return transport_ == nullptr; }

  /// REQUIRES: !closed().
  [[nodiscard]] int fd() const { return transport_->fd(); }

 private:
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

  bool openOn();
  bool readOnce();
  bool writeOnce();
  void noteFailure(const transport::IoResult& result);

  transport::TransportPtr transport_;
  std::string outbox_;
  std::size_t outboxStart_ = 0;
  std::string received_;
  std::size_t readMax_ = kNoLimit;
  std::size_t callBytes_ = std::size_t{64} * 1024;
  std::size_t sentBytes_ = 0;
  std::size_t blockedBytes_ = 0;  ///< A write that was refused is repeated with no fewer.
  int failure_ = 0;
  bool opened_ = false;
  bool ended_ = false;
  bool finishing_ = false;
  bool finished_ = false;
};

class Endpoint {
 public:
  /// The descriptor listens and is borrowed from the sockets until close().
  Endpoint(os::Sockets& sockets, transport::TransportFactory& transports, int fd,
           base::Address address)
      : sockets_(sockets), transports_(transports), fd_(fd), address_(std::move(address)) {}

  ~Endpoint() { close(); }

  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  bool step();

  /// Listens no more; what was accepted stays.
  void close();

  /// Leaves connections in the backlog.
  void setAccepting(bool accepting) { accepting_ = accepting; }

  [[nodiscard]] const base::Address& address() const { return address_; }

  [[nodiscard]] std::size_t count() const { return peers_.size(); }

  /// In the order of their acceptance.
  [[nodiscard]] Peer& at(std::size_t index) { return *peers_.at(index); }

  [[nodiscard]] Peer& last() { return *peers_.back(); }

 private:
  os::Sockets& sockets_;
  transport::TransportFactory& transports_;
  int fd_;
  const base::Address address_;
  std::vector<std::unique_ptr<Peer>> peers_;
  bool accepting_ = true;
};

}  // namespace weft::test
