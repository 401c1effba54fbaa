#include "os/buffer_pool.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"

namespace weft::os {

base::Bytes Buffer::unread() const noexcept {
  return {block_ + begin_, end_ - begin_};
}

void Buffer::giveBack() noexcept {
  pool_->give(std::exchange(block_, nullptr), capacity_);
  begin_ = 0;
  end_ = 0;
}

Buffer BufferPool::copyOf(base::Bytes bytes) noexcept {
  Buffer buffer;
  static_cast<void>(append(buffer, bytes));
  return buffer;
}

bool BufferPool::append(Buffer& buffer, base::Bytes bytes) noexcept {
  const base::MutableBytes into = room(buffer, bytes.size());
  if (into.empty()) {
    return false;
  }
  std::memcpy(into.data(), bytes.data(), bytes.size());
  buffer.added(bytes.size());
  return true;
}

base::MutableBytes BufferPool::room(Buffer& buffer, std::size_t bytes) noexcept {
  const std::size_t held = buffer.size();
  WEFT_ASSERT(bytes > 0);
  if (held + bytes > kBufferBytesMax) {
    return {};
  }
  if (buffer.empty()) {
    if (!take(buffer, capacityFor(bytes))) {
      return {};
    }
  } else if (bytes > buffer.capacity_ - buffer.end_) {
    Buffer larger;
    if (!take(larger, capacityFor(held + bytes))) {
      return {};
    }
    std::memcpy(larger.block_, buffer.unread().data(), held);
    larger.end_ = static_cast<std::uint32_t>(held);
    buffer = std::move(larger);
  }
  return {buffer.block_ + buffer.end_, bytes};
}

std::size_t BufferPool::capacityFor(std::size_t bytes) noexcept {
  if (bytes <= kTinyBytes) {
    return kTinyBytes;
  }
  if (bytes <= kSmallBytes) {
    return kSmallBytes;
  }
  if (bytes <= kMediumBytes) {
    return kMediumBytes;
  }
  return bytes <= kLargeBytes ? kLargeBytes : kBufferBytesMax;
}

/// Gives an empty buffer a block; false when there is none to be had.
bool BufferPool::take(Buffer& buffer, std::size_t capacity) noexcept {
  if (bytesNow_ + capacity > bytesMax_) {
    return false;
  }
  void* block = poolOf(capacity).take();
  if (block == nullptr) {
    return false;
  }
  bytesNow_ += capacity;
  buffer.block_ = static_cast<std::byte*>(block);
  buffer.pool_ = this;
  buffer.capacity_ = static_cast<std::uint32_t>(capacity);
  return true;
}

BlockPool& BufferPool::poolOf(std::size_t capacity) noexcept {
  if (capacity == kTinyBytes) {
    return tiny_;
  }
  if (capacity == kSmallBytes) {
    return small_;
  }
  if (capacity == kMediumBytes) {
    return medium_;
  }
  return capacity == kLargeBytes ? large_ : huge_;
}

void BufferPool::give(std::byte* block, std::size_t capacity) noexcept {
  poolOf(capacity).give(block);
  bytesNow_ -= capacity;
}

void BufferPool::trim() noexcept {
  tiny_.trim();
  small_.trim();
  medium_.trim();
  large_.trim();
  huge_.trim();
}

}  // namespace weft::os
