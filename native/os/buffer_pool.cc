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
  const std::size_t held = buffer.size();
  WEFT_ASSERT(!bytes.empty() && held + bytes.size() <= kBufferBytesMax);
  if (buffer.empty()) {
    if (!take(buffer, capacityFor(bytes.size()))) {
      return false;
    }
  } else if (bytes.size() > buffer.capacity_ - buffer.end_) {
    Buffer larger;
    if (!take(larger, capacityFor(held + bytes.size()))) {
      return false;
    }
    std::memcpy(larger.block_, buffer.unread().data(), held);
    larger.end_ = static_cast<std::uint32_t>(held);
    buffer = std::move(larger);
  }
  std::memcpy(buffer.block_ + buffer.end_, bytes.data(), bytes.size());
  buffer.end_ += static_cast<std::uint32_t>(bytes.size());
  return true;
}

std::size_t BufferPool::capacityFor(std::size_t bytes) noexcept {
  if (bytes <= kSmallBytes) {
    return kSmallBytes;
  }
  return bytes <= kMediumBytes ? kMediumBytes : kBufferBytesMax;
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
  if (capacity == kSmallBytes) {
    return small_;
  }
  return capacity == kMediumBytes ? medium_ : large_;
}

void BufferPool::give(std::byte* block, std::size_t capacity) noexcept {
  poolOf(capacity).give(block);
  bytesNow_ -= capacity;
}

void BufferPool::trim() noexcept {
  small_.trim();
  medium_.trim();
  large_.trim();
}

}  // namespace weft::os
