// MemorySockets: the sockets of one process of the in-memory kernel: its table of descriptors with
// the lowest number given first, its limits, a count of its calls, and places where a test can make
// a call fail or act just before it. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "os/sockets.h"
#include "support/memory_network.h"

namespace weft::test {

enum class Call : std::uint8_t {
  Listen,
  Accept,
  Connect,
  Read,
  Write,
  SpliceIn,
  SpliceOut,
  OpenPipe,
  Watch,
};

inline constexpr std::size_t kCallCount = 9;

class MemorySockets final : public os::Sockets {
 public:
  explicit MemorySockets(MemoryNetwork& network) noexcept : network_(network) {}

  ~MemorySockets() override;

  MemorySockets(const MemorySockets&) = delete;
  MemorySockets& operator=(const MemorySockets&) = delete;

  // ---- for tests ----

  /// RLIMIT_NOFILE.
  void setDescriptorMax(std::uint32_t max) noexcept { descriptorMax_ = max; }

  /// What a pipe gets whatever is asked for, as over the budget of an unprivileged user.
  void setPipeBytesMax(std::size_t bytes) noexcept { pipeBytesMax_ = bytes; }

  /// The errno with which the call fails; 0 lets it go on.
  void failCalls(std::function<int(Call)> fault) { fault_ = std::move(fault); }

  /// Called before each call: what the rest of the world does meanwhile.
  void beforeCalls(std::function<void(Call, int fd)> before) { before_ = std::move(before); }

  [[nodiscard]] std::uint64_t callCount(Call call) const noexcept {
    return callCounts_[static_cast<std::size_t>(call)];
  }

  /// Reads, writes and splices that moved nothing.
  [[nodiscard]] std::uint64_t wouldBlockCount() const noexcept { return wouldBlockCount_; }

  [[nodiscard]] std::uint32_t openCount() const noexcept { return openCount_; }

  /// send(MSG_OOB).
  [[nodiscard]] os::IoResult writeUrgent(int fd, std::byte byte);

  /// Where whoever is accepted from now on meant to go; nothing: to where it came.
  void redirectFrom(std::optional<base::Address> meant) { originalDst_ = std::move(meant); }

  /// The connection of this descriptor gets no answers any more.
  void timeOut(int fd) { stream(fd).timeOut(); }

  /// Whoever connects to a listener that refuses new ones is within a handshake for this long.
  void setHandshakeTime(base::Duration time) noexcept { handshakeTime_ = time; }

  // ---- for MemoryPoller ----

  /// Null when the call is to fail; errno says why.
  [[nodiscard]] MemoryFile* watchable(int fd, int& sysErrno);
  [[nodiscard]] MemoryFile& file(int fd) noexcept;

  // ---- os::Sockets ----

  [[nodiscard]] base::Result<int> listen(const os::ListenOptions& options) override;
  void setListenOptions(int fd, const os::ListenOptions& options) noexcept override;

  [[nodiscard]] base::Duration refuseNew(int fd) noexcept override {
    at(fd).listener->refusesNew = handshakeTime_ == base::Duration::zero();
    return handshakeTime_;
  }

  void closeListener(int fd, const base::Address& address) noexcept override;
  [[nodiscard]] base::Address listenAddress(int fd) const override;
  [[nodiscard]] os::Accepted accept(int listener) override;
  [[nodiscard]] base::Result<int> connect(const base::Address& address,
                                          const os::StreamOptions& options) override;
  [[nodiscard]] int connectError(int fd) noexcept override;
  [[nodiscard]] os::IoResult read(int fd, base::MutableBytes into) noexcept override;
  [[nodiscard]] os::IoResult write(int fd, base::Bytes from) noexcept override;
  void shutdownWrite(int fd) noexcept override;
  void close(int fd) noexcept override;
  void reset(int fd) noexcept override;
  [[nodiscard]] std::size_t readableBytes(int fd) noexcept override;
  [[nodiscard]] std::size_t unsentBytes(int fd) noexcept override;
  [[nodiscard]] base::Address peerAddress(int fd) override;
  [[nodiscard]] base::Address ownAddress(int fd) override;

  [[nodiscard]] std::optional<base::Address> originalDst(int fd) override {
    static_cast<void>(fd);
    return originalDst_;
  }

  [[nodiscard]] base::Result<os::PipeFds> openPipe(std::size_t wantedBytes) override;
  void closePipe(const os::PipeFds& pipe) noexcept override;
  [[nodiscard]] os::IoResult spliceIn(int fd, const os::PipeFds& pipe,
                                      std::size_t bytesMax) noexcept override;
  [[nodiscard]] os::IoResult spliceOut(const os::PipeFds& pipe, int fd,
                                       std::size_t bytesMax) noexcept override;

 private:
  struct Descriptor {
    std::shared_ptr<MemoryStream> stream;
    std::shared_ptr<MemoryListener> listener;
    std::shared_ptr<MemoryPipe> pipe;

    [[nodiscard]] bool open() const noexcept {
      return stream != nullptr || listener != nullptr || pipe != nullptr;
    }
  };

  /// Counts the call, lets others act, and returns the errno that it is to fail with.
  [[nodiscard]] int enter(Call call, int fd);
  [[nodiscard]] os::IoResult noted(os::IoResult result) noexcept;
  [[nodiscard]] int allot(Descriptor descriptor);
  void free(int fd) noexcept;

  [[nodiscard]] bool hasRoom(std::uint32_t count) const noexcept {
    return openCount_ + count <= descriptorMax_;
  }

  [[nodiscard]] Descriptor& at(int fd) noexcept;
  [[nodiscard]] MemoryStream& stream(int fd) noexcept;

  /// Standard input, output and error.
  static constexpr int kFirstFd = 3;

  MemoryNetwork& network_;
  std::vector<Descriptor> descriptors_;
  std::function<int(Call)> fault_;
  std::function<void(Call, int)> before_;
  std::array<std::uint64_t, kCallCount> callCounts_{};
  std::uint64_t wouldBlockCount_ = 0;
  std::size_t pipeBytesMax_ = SIZE_MAX;
  std::uint32_t descriptorMax_ = UINT32_MAX;
  std::uint32_t openCount_ = 0;
  base::Duration handshakeTime_{};
  std::optional<base::Address> originalDst_;
};

}  // namespace weft::test
