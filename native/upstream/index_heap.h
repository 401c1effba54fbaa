// IndexHeap: a binary heap of small numbers (places in somebody's table) that knows where each one
// is, so that one whose key has changed moves in O(log n). `Before` compares two numbers by the
// owner's keys. Allocates in reset() only. One thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace weft::upstream {

template <typename Before>
class IndexHeap {
 public:
  explicit IndexHeap(Before before) : before_(std::move(before)) {}

  /// Empty, with room for the numbers 0 to count - 1.
  void reset(std::size_t count) {
    heap_.clear();
    heap_.reserve(count);
    places_.assign(count, kAbsent);
  }

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }

  [[nodiscard]] bool contains(std::uint32_t index) const noexcept {
    return places_[index] != kAbsent;
  }

  /// The one that comes before all others. REQUIRES: not empty.
  [[nodiscard]] std::uint32_t top() const noexcept { return heap_.front(); }

  /// REQUIRES: not contained.
  void push(std::uint32_t index) {
    WEFT_ASSERT(!contains(index));
    heap_.push_back(index);
    places_[index] = static_cast<std::uint32_t>(heap_.size() - 1);
    up(heap_.size() - 1);
  }

  /// REQUIRES: contained.
  void remove(std::uint32_t index) {
    WEFT_ASSERT(contains(index));
    const std::size_t place = places_[index];
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    places_[index] = kAbsent;
    if (last != index) {
      put(last, place);
      update(last);
    }
  }

  /// Its key has changed. REQUIRES: contained.
  void update(std::uint32_t index) {
    WEFT_ASSERT(contains(index));
    up(places_[index]);
    down(places_[index]);
  }

 private:
  static constexpr std::uint32_t kAbsent = UINT32_MAX;

  void put(std::uint32_t index, std::size_t place) noexcept {
    heap_[place] = index;
    places_[index] = static_cast<std::uint32_t>(place);
  }

  void up(std::size_t place) {
    const std::uint32_t index = heap_[place];
    while (place > 0) {
      const std::size_t parent = (place - 1) / 2;
      if (!before_(index, heap_[parent])) {
        break;
      }
      put(heap_[parent], place);
      place = parent;
    }
    put(index, place);
  }

  void down(std::size_t place) {
    const std::uint32_t index = heap_[place];
    while (true) {
      std::size_t child = 2 * place + 1;
      if (child >= heap_.size()) {
        break;
      }
      if (child + 1 < heap_.size() && before_(heap_[child + 1], heap_[child])) {
        ++child;
      }
      if (!before_(heap_[child], index)) {
        break;
      }
      put(heap_[child], place);
      place = child;
    }
    put(index, place);
  }

  Before before_;
  std::vector<std::uint32_t> heap_;
  std::vector<std::uint32_t> places_;
};

}  // namespace weft::upstream
