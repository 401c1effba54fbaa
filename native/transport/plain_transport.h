// PlainTransport: the descriptor's bytes as they are. Nothing to open, nothing buffered.
#pragma once

#include "os/object_pool.h"
#include "os/sockets.h"
#include "transport/transport.h"

namespace weft::transport {

class PlainTransportFactory;

class PlainTransport final : public Transport {
 public:
  PlainTransport(PlainTransportFactory& factory, int fd, bool unixSocket) noexcept
      : factory_(factory), fd_(fd), unixSocket_(unixSocket) {}

  ~PlainTransport() override;

  PlainTransport(const PlainTransport&) = delete;
  PlainTransport& operator=(const PlainTransport&) = delete;

  [[nodiscard]] int fd() const noexcept override { return fd_; }

  [[nodiscard]] IoResult open() noexcept override { return {}; }

  [[nodiscard]] IoResult read(base::MutableBytes into) noexcept override;
  [[nodiscard]] IoResult write(base::Bytes from) noexcept override;
  [[nodiscard]] IoResult shutdownWrite() noexcept override;
  void reset() noexcept override;

  [[nodiscard]] bool hasBuffered() const noexcept override { return false; }

  [[nodiscard]] int spliceFd() const noexcept override { return fd_; }

  /// A unix stream stops where a descriptor was passed along.
  [[nodiscard]] bool readsStopEarly() const noexcept override { return unixSocket_; }

  void dispose() noexcept override;

 private:
  PlainTransportFactory& factory_;
  int fd_;
  const bool unixSocket_;
};

class PlainTransportFactory final : public TransportFactory {
 public:
  explicit PlainTransportFactory(os::Sockets& sockets) noexcept : sockets_(sockets) {}

  [[nodiscard]] TransportPtr accepted(int fd, bool unixSocket) noexcept override;
  [[nodiscard]] TransportPtr connecting(int fd, bool unixSocket) noexcept override;

  void trim() noexcept override { pool_.trim(); }

 private:
  friend class PlainTransport;

  os::Sockets& sockets_;
  os::ObjectPool<PlainTransport> pool_;
};

}  // namespace weft::transport
