// Outbox: bytes on their way into a transport. What belongs together is gathered and goes out in
// one write; what the transport does not take waits here, and whoever fills it does not read more
// meanwhile. Owned by whoever writes; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "os/buffer_pool.h"
#include "os/poller.h"
#include "transport/side.h"

namespace weft::transport {

class Outbox {
 public:
  struct Flushed {
    std::size_t bytes = 0;
    int sysErrno = 0;
    bool failed = false;  ///< The transport takes nothing any more; see sysErrno.
  };

  [[nodiscard]] bool empty() const noexcept { return held_.empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }

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

  /// What it holds, which somebody else will write.
  [[nodiscard]] os::Buffer take() noexcept { return std::move(held_); }

  void release() noexcept { held_.release(); }

 private:
  static constexpr std::size_t kPassedAloneBytesMin = std::size_t{8} * 1024;
  static constexpr std::size_t kPassedBytesMin = std::size_t{32} * 1024;

  os::Buffer held_;
};

}  // namespace weft::transport
