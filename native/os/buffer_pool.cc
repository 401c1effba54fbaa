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

void Buffer::consume(std::size_t count) noexcept {
  WEFT_ASSERT(count <= size());
  begin_ += static_cast<std::uint32_t>(count);
  if (begin_ == end_) {
    release();
  }
}

void Buffer::release() noexcept {
  if (block_ != nullptr) {
    pool_->give(std::exchange(block_, nullptr), capacity_);
    begin_ = 0;
    end_ = 0;
  }
}

Buffer BufferPool::copyOf(base::Bytes bytes) noexcept {
  WEFT_ASSERT(!bytes.empty() && bytes.size() <= kBufferBytesMax);
  std::size_t capacity = kBufferBytesMax;
  if (bytes.size() <= kSmallBytes) {
    capacity = kSmallBytes;
  } else if (bytes.size() <= kMediumBytes) {
    capacity = kMediumBytes;
  }
  Buffer buffer;
  if (bytesNow_ + capacity > bytesMax_) {
    return buffer;
  }
  void* block = poolOf(capacity).take();
  if (block == nullptr) {
    return buffer;
  }
  std::memcpy(block, bytes.data(), bytes.size());
  bytesNow_ += capacity;
  buffer.block_ = static_cast<std::byte*>(block);
  buffer.pool_ = this;
  buffer.end_ = static_cast<std::uint32_t>(bytes.size());
  buffer.capacity_ = static_cast<std::uint32_t>(capacity);
  return buffer;
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
