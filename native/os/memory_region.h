// MemoryRegion: zeroed memory that is reserved at once and becomes real page by page as it is
// touched.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "base/result.h"

namespace weft::os {

class MemoryRegion {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<MemoryRegion>> reserve(std::size_t bytes);
  ~MemoryRegion();

  MemoryRegion(const MemoryRegion&) = delete;
  MemoryRegion& operator=(const MemoryRegion&) = delete;

  /// As many objects as fit; all-zero bytes are their first value.
  template <typename T>
  [[nodiscard]] std::span<T> as() noexcept {
    static_assert(std::is_trivial_v<T>);
    return {static_cast<T*>(start_), bytes_ / sizeof(T)};
  }

 private:
  MemoryRegion(void* start, std::size_t bytes) noexcept : start_(start), bytes_(bytes) {}

  void* const start_;
  const std::size_t bytes_;
};

}  // namespace weft::os
