// Mailbox: bounded messages into one loop from any other thread, without a lock (after D. Vyukov's
// bounded queue). The sender wakes the loop's poller; that is the caller's business, so that
// several posts cost one wake-up.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/assert.h"

namespace weft::os {

template <typename T>
class Mailbox {
 public:
  /// REQUIRES: a power of two.
  explicit Mailbox(std::size_t capacity)
      : cells_(std::make_unique<Cell[]>(capacity)), mask_(capacity - 1) {
    WEFT_CHECK(capacity >= 2 && (capacity & mask_) == 0);
    for (std::size_t i = 0; i < capacity; ++i) {
      cells_[i].sequence.store(i, std::memory_order_relaxed);
    }
  }

  /// Any thread. The message is moved from; when the mailbox is full, false, and it stays as it is.
  [[nodiscard]] bool post(T& message) {
    std::size_t position = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[position & mask_];
      const std::size_t sequence = cell.sequence.load(std::memory_order_acquire);
      const auto distance = static_cast<std::ptrdiff_t>(sequence - position);
      if (distance == 0) {
        if (tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
          cell.message = std::move(message);
          cell.sequence.store(position + 1, std::memory_order_release);
          return true;
        }
      } else if (distance < 0) {
        return false;
      } else {
        position = tail_.load(std::memory_order_relaxed);
      }
    }
  }

  /// The loop's thread only. False when empty.
  [[nodiscard]] bool take(T& message) {
    Cell& cell = cells_[head_ & mask_];
    if (cell.sequence.load(std::memory_order_acquire) != head_ + 1) {
      return false;
    }
    message = std::move(cell.message);
    cell.message = T{};
    cell.sequence.store(head_ + mask_ + 1, std::memory_order_release);
    ++head_;
    return true;
  }

 private:
  struct Cell {
    std::atomic<std::size_t> sequence{0};
    T message{};
  };

  const std::unique_ptr<Cell[]> cells_;
  const std::size_t mask_;
  alignas(64) std::atomic<std::size_t> tail_{0};
  alignas(64) std::size_t head_ = 0;
};

}  // namespace weft::os
