// Outbox: bytes on their way into a transport. What belongs together is gathered and goes out in
// one write; what the transport does not take waits here, and whoever fills it does not read more
// meanwhile. Much of a body may go through a pipe instead. Owned by whoever writes; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "base/clock.h"
#include "os/buffer_pool.h"
#include "os/poller.h"
#include "os/splice_pipe.h"
#include "transport/side.h"

namespace weft::transport {

class Outbox {
 public:
  struct Flushed {
    std::size_t bytes = 0;
    int sysErrno = 0;
    bool failed = false;  ///< The transport takes nothing any more; see sysErrno.
  };

  /// What is left of a body, from which on it is worth a pipe.
  static constexpr std::uint64_t kSplicedBytesMin = std::uint64_t{128} * 1024;

  [[nodiscard]] bool empty() const noexcept { return held_.empty() && pipe_ == nullptr; }

  [[nodiscard]] std::size_t size() const noexcept {
    return held_.size() + (pipe_ == nullptr ? 0 : pipe_->size());
  }

  /// What waits is in a pipe.
  [[nodiscard]] bool spliced() const noexcept { return pipe_ != nullptr; }

  /// Memory for `bytes` more, which added() makes part of it; empty when there is none.
  [[nodiscard]] base::MutableBytes room(os::BufferPool& buffers, std::size_t bytes) noexcept {
    return buffers.room(held_, bytes);
  }

  void added(std::size_t bytes) noexcept;

  /// False when there is no memory.
  [[nodiscard]] bool add(os::BufferPool& buffers, base::Bytes bytes) noexcept {
    return bytes.empty() || buffers.append(held_, bytes);
  }

  /// Writes what the side takes now. `pollable` hears of the rest.
  [[nodiscard]] Flushed flush(Side& side, os::Poller& poller, os::Pollable& pollable) noexcept;

  /// Whether a copy of so many bytes into what it holds costs more than a write of their own.
  [[nodiscard]] bool passes(std::size_t bytes) const noexcept {
    return bytes >= (empty() ? kPassedAloneBytesMin : kPassedBytesMin);
  }

  /// The same of what it holds and then `bytes`, of which only what does not go out is copied.
  /// Failed with ENOMEM when there is no memory for that.
  [[nodiscard]] Flushed pass(base::Bytes bytes, os::BufferPool& buffers, Side& side,
                             os::Poller& poller, os::Pollable& pollable) noexcept;

  /// Takes bytes out of a socket without a copy, at most `bytesMax`, for flush() to `to`. 0: they
  /// are to be read, as something goes before them, or one of the two is secured, or there is no
  /// pipe, or only a read tells what comes next.
  [[nodiscard]] std::size_t splice(Side& from, std::uint64_t bytesMax, const Side& to,
                                   os::PipePool& pipes, base::TimePoint now) noexcept;

  /// What it holds, which somebody else will write. REQUIRES: not spliced().
  [[nodiscard]] os::Buffer take() noexcept { return std::move(held_); }

  void release() noexcept {
    held_.release();
    pipe_.reset();
  }

 private:
  [[nodiscard]] Flushed drain(Side& side, os::Poller& poller, os::Pollable& pollable) noexcept;

  static constexpr std::size_t kPassedAloneBytesMin = std::size_t{8} * 1024;
  static constexpr std::size_t kPassedBytesMin = std::size_t{32} * 1024;

  os::LentPipe pipe_;  ///< With bytes that go before the others.
  os::Buffer held_;
};

}  // namespace weft::transport
