// BufferPool: memory for bytes that could not be written at once, in five sizes, bounded in total.
// A connection takes a buffer only while it holds such bytes. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "os/object_pool.h"

namespace weft::os {

class BufferPool;

/// Bytes waiting to be written: those of [begin, end). Empty buffers hold no memory.
class Buffer {
 public:
  Buffer() = default;

  ~Buffer() { release(); }

  Buffer(Buffer&& other) noexcept { swap(other); }

  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      release();
      swap(other);
    }
    return *this;
  }

  [[nodiscard]] bool empty() const noexcept { return block_ == nullptr; }

  [[nodiscard]] base::Bytes unread() const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }

  /// Forgets the first bytes; gives the memory back with the last one. REQUIRES: count <= size().
  void consume(std::size_t count) noexcept {
    begin_ += static_cast<std::uint32_t>(count);
    if (begin_ == end_) {
      release();
    }
  }

  /// So many bytes were written into the room behind what it holds.
  void added(std::size_t count) noexcept { end_ += static_cast<std::uint32_t>(count); }

  /// Gives the memory back.
  void release() noexcept {
    if (block_ != nullptr) {
      giveBack();
    }
  }

 private:
  friend class BufferPool;

  void giveBack() noexcept;

  void swap(Buffer& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(pool_, other.pool_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }

  std::byte* block_ = nullptr;
  BufferPool* pool_ = nullptr;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  std::uint32_t capacity_ = 0;
};

class BufferPool {
 public:
  static constexpr std::size_t kBufferBytesMax = std::size_t{256} * 1024;

  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// What all buffers together may hold, by their capacity. What is out already stays.
  void setBytesMax(std::uint64_t bytesMax) noexcept { bytesMax_ = bytesMax; }

  /// A buffer with a copy of `bytes`; an empty one when the limit is reached or the kernel gives no
  /// memory. REQUIRES: 0 < bytes.size() <= kBufferBytesMax.
  [[nodiscard]] Buffer copyOf(base::Bytes bytes) noexcept;

  /// Adds to what the buffer holds, in a larger block where it has to. False, and the buffer stays
  /// as it is, when copyOf() would give none, or it would be more than kBufferBytesMax. REQUIRES: 0
  /// < bytes.size().
  [[nodiscard]] bool append(Buffer& buffer, base::Bytes bytes) noexcept;

  /// Memory for `bytes` more behind what the buffer holds, which added() makes part of it; empty
  /// when append() would say false. REQUIRES: as append().
  [[nodiscard]] base::MutableBytes room(Buffer& buffer, std::size_t bytes) noexcept;

  /// By capacity.
  [[nodiscard]] std::uint64_t bytesNow() const noexcept { return bytesNow_; }

  void trim() noexcept;

 private:
  friend class Buffer;

  static constexpr std::size_t kTinyBytes = std::size_t{1} * 1024;
  static constexpr std::size_t kSmallBytes = std::size_t{4} * 1024;
  static constexpr std::size_t kMediumBytes = std::size_t{16} * 1024;
  static constexpr std::size_t kLargeBytes = std::size_t{64} * 1024;
  static constexpr std::size_t kLargeChunkBytes = std::size_t{1024} * 1024;

  [[nodiscard]] static std::size_t capacityFor(std::size_t bytes) noexcept;
  [[nodiscard]] bool take(Buffer& buffer, std::size_t capacity) noexcept;
  [[nodiscard]] BlockPool& poolOf(std::size_t capacity) noexcept;
  void give(std::byte* block, std::size_t capacity) noexcept;

  std::uint64_t bytesMax_ = 0;
  std::uint64_t bytesNow_ = 0;
  BlockPool tiny_{kTinyBytes};
  BlockPool small_{kSmallBytes};
  BlockPool medium_{kMediumBytes, kLargeChunkBytes};
  BlockPool large_{kLargeBytes, kLargeChunkBytes};
  BlockPool huge_{kBufferBytesMax, kLargeChunkBytes};
};

}  // namespace weft::os
