// HookedSockets: the kernel's sockets with a place where a test acts just before a call, so that
// "meanwhile the peer sends" happens exactly then. Counts calls and remembers where it listens. One
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "os/kernel_sockets.h"
#include "support/kernel_address.h"
#include "support/memory_sockets.h"

namespace weft::test {

class HookedSockets final : public os::Sockets {
 public:
  void beforeCalls(std::function<void(Call, int fd)> before) { before_ = std::move(before); }

  /// SO_SNDBUF and SO_RCVBUF of connections from now on, instead of what the kernel tunes.
  void setBufferBytes(int bytes) noexcept { bufferBytes_ = bytes; }

  [[nodiscard]] std::uint64_t callCount(Call call) const noexcept {
    return counts_[static_cast<std::size_t>(call)];
  }

  /// Where the newest listening socket is bound.
  [[nodiscard]] const base::Address& listenAddress() const noexcept { return listenAddress_; }

  [[nodiscard]] base::Result<int> listen(const os::ListenOptions& options) override {
    enter(Call::Listen, os::kNoFd);
    auto fd = kernel_.listen(options);
    if (fd.ok()) {
      listenAddress_ = options.address.family() == base::AddressFamily::Unix
                           ? options.address
                           : boundAddress(fd.value());
    }
    return fd;
  }

  void setListenOptions(int fd, const os::ListenOptions& options) noexcept override {
    kernel_.setListenOptions(fd, options);
  }

  [[nodiscard]] base::Duration refuseNew(int listener) noexcept override {
    return kernel_.refuseNew(listener);
  }

  void closeListener(int fd, const base::Address& address) noexcept override {
    kernel_.closeListener(fd, address);
  }

  [[nodiscard]] base::Address listenAddress(int listener) const override {
    return kernel_.listenAddress(listener);
  }

  [[nodiscard]] os::Accepted accept(int listener) override {
    enter(Call::Accept, listener);
    const os::Accepted accepted = kernel_.accept(listener);
    limitBuffers(accepted.fd);
    return accepted;
  }

  [[nodiscard]] base::Result<int> connect(const base::Address& address,
                                          const os::StreamOptions& options) override {
    enter(Call::Connect, os::kNoFd);
    auto fd = kernel_.connect(address, options);
    if (fd.ok()) {
      limitBuffers(fd.value());
    }
    return fd;
  }

  [[nodiscard]] int connectError(int fd) noexcept override { return kernel_.connectError(fd); }

  [[nodiscard]] os::IoResult read(int fd, base::MutableBytes into) noexcept override {
    enter(Call::Read, fd);
    return kernel_.read(fd, into);
  }

  [[nodiscard]] os::IoResult write(int fd, base::Bytes from) noexcept override {
    enter(Call::Write, fd);
    return kernel_.write(fd, from);
  }

  void shutdownWrite(int fd) noexcept override { kernel_.shutdownWrite(fd); }

  void close(int fd) noexcept override { kernel_.close(fd); }

  void reset(int fd) noexcept override { kernel_.reset(fd); }

  [[nodiscard]] std::size_t readableBytes(int fd) noexcept override {
    return kernel_.readableBytes(fd);
  }

  [[nodiscard]] std::size_t unsentBytes(int fd) noexcept override {
    return kernel_.unsentBytes(fd);
  }

  [[nodiscard]] base::Address peerAddress(int fd) override { return kernel_.peerAddress(fd); }

  [[nodiscard]] base::Address ownAddress(int fd) override { return kernel_.ownAddress(fd); }

  [[nodiscard]] std::optional<base::Address> originalDst(int fd) override {
    return kernel_.originalDst(fd);
  }

  [[nodiscard]] base::Result<os::PipeFds> openPipe(std::size_t wantedBytes) override {
    enter(Call::OpenPipe, os::kNoFd);
    return kernel_.openPipe(wantedBytes);
  }

  void closePipe(const os::PipeFds& pipe) noexcept override { kernel_.closePipe(pipe); }

  [[nodiscard]] os::IoResult spliceIn(int fd, const os::PipeFds& pipe,
                                      std::size_t bytesMax) noexcept override {
    enter(Call::SpliceIn, fd);
    return kernel_.spliceIn(fd, pipe, bytesMax);
  }

  [[nodiscard]] os::IoResult spliceOut(const os::PipeFds& pipe, int fd,
                                       std::size_t bytesMax) noexcept override {
    enter(Call::SpliceOut, fd);
    return kernel_.spliceOut(pipe, fd, bytesMax);
  }

 private:
  void enter(Call call, int fd) {
    ++counts_[static_cast<std::size_t>(call)];
    if (before_) {
      before_(call, fd);
    }
  }

  void limitBuffers(int fd) const {
    if (fd != os::kNoFd && bufferBytes_ > 0) {
      setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bufferBytes_, sizeof(bufferBytes_));
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bufferBytes_, sizeof(bufferBytes_));
    }
  }

  os::KernelSockets kernel_;
  int bufferBytes_ = 0;
  std::function<void(Call, int)> before_;
  std::array<std::uint64_t, kCallCount> counts_{};
  base::Address listenAddress_;
};

}  // namespace weft::test
