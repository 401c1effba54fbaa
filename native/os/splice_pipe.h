// SplicePipe: a kernel pipe through which bytes go from one socket to another without being copied,
// and the pool of them that a worker has. A direction holds a pipe only while bytes are in it. One
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "os/sockets.h"

namespace weft::os {

class PipePool;
class SplicePipe;

/// Gives the pipe back to its pool.
struct PipeReturn {
  void operator()(SplicePipe* pipe) const noexcept;
};

/// The pool outlives it.
using LentPipe = std::unique_ptr<SplicePipe, PipeReturn>;

class SplicePipe {
 public:
  SplicePipe(PipePool& pool, Sockets& sockets, const PipeFds& fds) noexcept
      : pool_(pool), sockets_(sockets), fds_(fds) {}

  ~SplicePipe() { sockets_.closePipe(fds_); }

  SplicePipe(const SplicePipe&) = delete;
  SplicePipe& operator=(const SplicePipe&) = delete;

  /// From a socket, as much as fits and no more than `bytesMax`. WouldBlock: the socket is empty,
  /// or (only when size() > 0) the pipe has no free slot; or urgent data is next, which only a read
  /// gets past.
  [[nodiscard]] IoResult fillFrom(int socket, std::size_t bytesMax = SIZE_MAX) noexcept;

  /// To a socket, as much as it takes.
  [[nodiscard]] IoResult drainTo(int socket) noexcept;

  /// Bytes inside; large packets can make it more than the capacity.
  [[nodiscard]] std::size_t size() const noexcept { return bytes_; }

  [[nodiscard]] std::size_t capacityBytes() const noexcept { return fds_.capacityBytes; }

 private:
  friend struct PipeReturn;

  PipePool& pool_;
  Sockets& sockets_;
  const PipeFds fds_;
  std::size_t bytes_ = 0;
};

class PipePool {
 public:
  /// Below this a pipe is slower than copying.
  static constexpr std::size_t kUsefulBytes = std::size_t{256} * 1024;

  explicit PipePool(Sockets& sockets) noexcept : sockets_(sockets) {}

  /// How many pipes may be open, and the capacity to ask for. Pipes that are out already stay.
  void setLimits(std::uint32_t countMax, std::size_t pipeBytes) noexcept;

  /// An empty pipe, or null when the limit is reached or the kernel gives none that is useful: the
  /// caller copies. After a refusal by the kernel none is asked for until a second has passed.
  [[nodiscard]] LentPipe take(base::TimePoint now);

  /// Closes the pipes that nobody uses.
  void trim() noexcept;

  [[nodiscard]] std::uint32_t openCount() const noexcept { return openCount_; }

  [[nodiscard]] std::uint64_t deniedCount() const noexcept { return deniedCount_; }

  [[nodiscard]] Sockets& sockets() const noexcept { return sockets_; }

 private:
  friend struct PipeReturn;

  void give(std::unique_ptr<SplicePipe> pipe) noexcept;

  Sockets& sockets_;
  std::uint32_t countMax_ = 0;
  std::uint32_t openCount_ = 0;
  std::uint64_t deniedCount_ = 0;
  std::size_t pipeBytes_ = 0;
  base::TimePoint deniedUntil_{};
  std::vector<std::unique_ptr<SplicePipe>> idle_;
};

}  // namespace weft::os
