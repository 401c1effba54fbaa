// ObjectPool<T> and BlockPool: memory for many things of one size, in chunks that go back to the
// kernel when they are empty (half as many as are in use, and at least one, are kept until trim()).
// No allocation in steady state. Under AddressSanitizer each block is an allocation of its own, so
// that use after free is seen. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "base/intrusive_list.h"

namespace weft::os {

class BlockPool {
 public:
  static constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;

  /// REQUIRES: chunkBytes is a power of two, at least the size of a page, and blockBytes <=
  /// chunkBytes / 4.
  explicit BlockPool(std::size_t blockBytes, std::size_t chunkBytes = kChunkBytes);

  /// REQUIRES: everything was given back.
  ~BlockPool();

  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// Uninitialised, aligned to 16. Null when the kernel gives no memory.
  [[nodiscard]] void* take() noexcept;

  /// REQUIRES: from take() of this pool.
  void give(void* block) noexcept;

  /// Gives kept chunks back to the kernel.
  void trim() noexcept;

  [[nodiscard]] std::size_t takenCount() const noexcept { return takenCount_; }

 private:
  struct Chunk;
  struct FreeBlock;

  [[nodiscard]] Chunk* addChunk() noexcept;
  void keepSpares(std::size_t countMax) noexcept;
  void unmap(Chunk& chunk) const noexcept;
  [[nodiscard]] bool full(const Chunk& chunk) const noexcept;

  const std::size_t blockBytes_;
  const std::size_t chunkBytes_;
  std::size_t takenCount_ = 0;
  std::size_t usedCount_ = 0;   ///< Of chunks.
  std::size_t spareCount_ = 0;  ///< The same.
  base::IntrusiveList<Chunk, Chunk> spare_;
  base::IntrusiveList<Chunk, Chunk> withRoom_;
  base::IntrusiveList<Chunk, Chunk> full_;
};

template <typename T>
class ObjectPool;

/// Gives the object back to its pool.
template <typename T>
struct PoolDelete {
  ObjectPool<T>* pool = nullptr;

  void operator()(T* object) const noexcept { pool->destroy(object); }
};

template <typename T>
using PoolPtr = std::unique_ptr<T, PoolDelete<T>>;

template <typename T>
class ObjectPool {
 public:
  ObjectPool() : blocks_(sizeof(T)) {}

  /// As make(), with an owner.
  template <typename... Arguments>
  [[nodiscard]] PoolPtr<T> makeOwned(Arguments&&... arguments) {
    return PoolPtr<T>(make(std::forward<Arguments>(arguments)...), PoolDelete<T>{this});
  }

  /// Null when there is no memory. The object ends in destroy().
  template <typename... Arguments>
  [[nodiscard]] T* make(Arguments&&... arguments) {
    static_assert(alignof(T) <= 16);
    void* block = blocks_.take();
    return block == nullptr
               ? nullptr
               : std::construct_at(static_cast<T*>(block), std::forward<Arguments>(arguments)...);
  }

  void destroy(T* object) noexcept {
    std::destroy_at(object);
    blocks_.give(object);
  }

  void trim() noexcept { blocks_.trim(); }

  [[nodiscard]] std::size_t liveCount() const noexcept { return blocks_.takenCount(); }

 private:
  BlockPool blocks_;
};

}  // namespace weft::os
