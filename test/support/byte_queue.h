// ByteQueue: bytes in, bytes out, in order, up to a capacity. Its memory grows to what was needed
// once and stays, so that a test that counts allocations sees none of its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace weft::test {

class ByteQueue {
 public:
  explicit ByteQueue(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  [[nodiscard]] std::size_t room() const noexcept { return capacity_ - std::min(size_, capacity_); }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// As much as fits; returns how much that was.
  std::size_t push(base::Bytes bytes) {
    const base::Bytes taken = bytes.first(std::min(bytes.size(), room()));
    append(taken);
    return taken.size();
  }

  /// As much as there is; returns how much that was.
  std::size_t pop(base::MutableBytes into) {
    const std::size_t count = std::min(into.size(), size_);
    const base::Bytes first = front(count);
    std::ranges::copy(first, into.begin());
    drop(first.size());
    const base::Bytes rest = front(count - first.size());
    std::ranges::copy(rest, into.subspan(first.size()).begin());
    drop(rest.size());
    return count;
  }

  /// Exactly `count` bytes. REQUIRES: they are here; the other's capacity is the caller's business.
  void moveTo(ByteQueue& other, std::size_t count) {
    while (count > 0) {
      const base::Bytes piece = front(count);
      other.append(piece);
      count -= piece.size();
      drop(piece.size());
    }
  }

  void drop(std::size_t count) noexcept {
    size_ -= count;
    begin_ = size_ == 0 ? 0 : (begin_ + count) % memory_.size();
  }

  void clear() noexcept { drop(size_); }

  /// The first bytes that lie together, at most `count` of them.
  [[nodiscard]] base::Bytes front(std::size_t count) const noexcept {
    const std::size_t together = std::min({count, size_, memory_.size() - begin_});
    return base::Bytes(memory_).subspan(begin_, together);
  }

 private:
  void append(base::Bytes bytes) {
    reserve(size_ + bytes.size());
    while (!bytes.empty()) {
      const std::size_t end = (begin_ + size_) % memory_.size();
      const base::Bytes piece = bytes.first(std::min(bytes.size(), memory_.size() - end));
      std::ranges::copy(piece, std::span(memory_).subspan(end).begin());
      size_ += piece.size();
      bytes = bytes.subspan(piece.size());
    }
  }

  void reserve(std::size_t count) {
    if (count > memory_.size()) {
      std::vector<std::byte> grown(std::max(count, memory_.size() * 2));
      const std::size_t size = size_;
      pop(std::span(grown).first(size));
      memory_ = std::move(grown);
      size_ = size;
    }
  }

  std::vector<std::byte> memory_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace weft::test
