#include "os/object_pool.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <sys/mman.h>

#include "base/assert.h"
#include "base/intrusive_list.h"

#ifdef __SANITIZE_ADDRESS__
#define WEFT_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_ADDRESS_SANITIZER
#endif
#endif

namespace weft::os {

namespace {

constexpr std::size_t kAlignment = 16;

constexpr std::size_t roundUp(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

/// Aligned to its own size, so that a block finds its chunk by masking its address.
void* mapAligned(std::size_t bytes) noexcept {
  void* raw =
      ::mmap(nullptr, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) {
    return nullptr;
  }
  const auto start = reinterpret_cast<std::uintptr_t>(raw);
  const std::uintptr_t aligned = roundUp(start, bytes);
  if (aligned > start) {
    ::munmap(raw, aligned - start);
  }
  const std::uintptr_t tail = start + 2 * bytes - (aligned + bytes);
  if (tail > 0) {
    ::munmap(static_cast<std::byte*>(raw) + (aligned - start) + bytes, tail);
  }
  return static_cast<std::byte*>(raw) + (aligned - start);
}

}  // namespace

struct BlockPool::FreeBlock {
  FreeBlock* next;
};

struct BlockPool::Chunk : base::ListNode<Chunk> {
  FreeBlock* freed = nullptr;
  std::size_t takenCount = 0;
  std::size_t untouchedOffset = roundUp(sizeof(Chunk), kAlignment);
};

BlockPool::BlockPool(std::size_t blockBytes, std::size_t chunkBytes)
    : blockBytes_(roundUp(std::max(blockBytes, sizeof(FreeBlock)), kAlignment)),
      chunkBytes_(chunkBytes) {
  WEFT_CHECK((chunkBytes & (chunkBytes - 1)) == 0 && blockBytes_ <= chunkBytes / 4);
}

BlockPool::~BlockPool() {
  WEFT_CHECK(takenCount_ == 0);
  trim();
}

void BlockPool::trim() noexcept {
  keepSpares(0);
  if (usedCount_ == 1 && takenCount_ == 0) {
    --usedCount_;
    unmap(*withRoom_.popFront());
  }
}

void BlockPool::unmap(Chunk& chunk) const noexcept {
  std::destroy_at(&chunk);
  ::munmap(&chunk, chunkBytes_);
}

void BlockPool::keepSpares(std::size_t countMax) noexcept {
  while (spareCount_ > countMax) {
    --spareCount_;
    unmap(*spare_.popFront());
  }
}

BlockPool::Chunk* BlockPool::addChunk() noexcept {
  Chunk* chunk = spare_.popFront();
  if (chunk != nullptr) {
    --spareCount_;
  } else {
    void* memory = mapAligned(chunkBytes_);
    chunk = memory == nullptr ? nullptr : std::construct_at(static_cast<Chunk*>(memory));
  }
  usedCount_ += chunk == nullptr ? 0 : 1;
  return chunk;
}

bool BlockPool::full(const Chunk& chunk) const noexcept {
  return chunk.freed == nullptr && chunk.untouchedOffset + blockBytes_ > chunkBytes_;
}

#ifdef WEFT_ADDRESS_SANITIZER

void* BlockPool::take() noexcept {
  ++takenCount_;
  return std::aligned_alloc(kAlignment, blockBytes_);
}

void BlockPool::give(void* block) noexcept {
  --takenCount_;
  std::free(block);
}

#else

void* BlockPool::take() noexcept {
  Chunk* chunk = withRoom_.front();
  if (chunk == nullptr) {
    chunk = addChunk();
    if (chunk == nullptr) {
      return nullptr;
    }
    withRoom_.pushBack(*chunk);
  }
  void* block = nullptr;
  if (chunk->freed != nullptr) {
    block = chunk->freed;
    chunk->freed = chunk->freed->next;
  } else {
    block = reinterpret_cast<std::byte*>(chunk) + chunk->untouchedOffset;
    chunk->untouchedOffset += blockBytes_;
  }
  ++chunk->takenCount;
  ++takenCount_;
  if (full(*chunk)) {
    chunk->unlink();
    full_.pushBack(*chunk);
  }
  return block;
}

void BlockPool::give(void* block) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::size_t offset = address & (chunkBytes_ - 1);
  auto* chunk = reinterpret_cast<Chunk*>(static_cast<std::byte*>(block) - offset);
  if (full(*chunk)) {
    chunk->unlink();
    withRoom_.pushBack(*chunk);
  }
  auto* freed = static_cast<FreeBlock*>(block);
  freed->next = chunk->freed;
  chunk->freed = freed;
  --chunk->takenCount;
  --takenCount_;
  if (takenCount_ == 0) {
    // The last one stays as it is: it is wanted again at once.
    keepSpares(0);
  }
  if (chunk->takenCount > 0 || usedCount_ == 1) {
    return;
  }
  std::destroy_at(chunk);
  // Starts afresh, so that it touches no more pages than it needs.
  spare_.pushBack(*std::construct_at(chunk));
  --usedCount_;
  ++spareCount_;
  keepSpares(std::max<std::size_t>(1, usedCount_ / 2));
}

#endif

}  // namespace weft::os
