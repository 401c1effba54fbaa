// KernelSockets: the kernel's sockets and pipes. Every socket(2), setsockopt(2), splice(2) of the
// project is in kernel_sockets.cc or socket_options.cc. Has no state: one object serves all
// threads.
#pragma once

#include <optional>

#include "os/sockets.h"

namespace weft::os {

class KernelSockets final : public Sockets {
 public:
  [[nodiscard]] base::Result<int> listen(const ListenOptions& options) override;
  void setListenOptions(int fd, const ListenOptions& options) noexcept override;
  [[nodiscard]] base::Duration refuseNew(int listener) noexcept override;
  void closeListener(int fd, const base::Address& address) noexcept override;
  [[nodiscard]] base::Address listenAddress(int listener) const override;
  [[nodiscard]] Accepted accept(int listener) override;
  [[nodiscard]] base::Result<int> connect(const base::Address& address,
                                          const StreamOptions& options) override;
  [[nodiscard]] int connectError(int fd) noexcept override;
  [[nodiscard]] IoResult read(int fd, base::MutableBytes into) noexcept override;
  [[nodiscard]] IoResult write(int fd, base::Bytes from) noexcept override;
  void shutdownWrite(int fd) noexcept override;
  void close(int fd) noexcept override;
  void reset(int fd) noexcept override;
  [[nodiscard]] std::size_t readableBytes(int fd) noexcept override;
  [[nodiscard]] std::size_t unsentBytes(int fd) noexcept override;
  [[nodiscard]] base::Address peerAddress(int fd) override;
  [[nodiscard]] std::optional<base::Address> originalDst(int fd) override;
  [[nodiscard]] base::Address ownAddress(int fd) override;
  [[nodiscard]] base::Result<PipeFds> openPipe(std::size_t wantedBytes) override;
  void closePipe(const PipeFds& pipe) noexcept override;
  [[nodiscard]] IoResult spliceIn(int fd, const PipeFds& pipe,
                                  std::size_t bytesMax) noexcept override;
  [[nodiscard]] IoResult spliceOut(const PipeFds& pipe, int fd,
                                   std::size_t bytesMax) noexcept override;
};

}  // namespace weft::os
