// MemoryPipe: a kernel pipe as splice sees it: a number of slots, each of which takes one piece of
// a packet however small it is. Large packets have large pieces, so that there can be more bytes
// inside than 4 KiB for each slot.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "support/byte_queue.h"

namespace weft::test {

class MemoryPipe {
 public:
  static constexpr std::size_t kPageBytes = 4096;

  /// `pieceBytes` is what one slot can take.
  MemoryPipe(std::size_t capacityBytes, std::size_t pieceBytes)
      : slotsMax_(capacityBytes / kPageBytes),
        pieceBytes_(pieceBytes),
        bytes_(slotsMax_ * pieceBytes) {}

  [[nodiscard]] bool full() const noexcept { return slots_.size() >= slotsMax_; }

  [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }

  [[nodiscard]] std::size_t capacityBytes() const noexcept { return slotsMax_ * kPageBytes; }

  /// Into one slot, from the front of `from`. REQUIRES: !full(). Returns how much it took.
  std::size_t fillSlot(ByteQueue& from, std::size_t bytesMax) {
    const std::size_t count = std::min(bytesMax, pieceBytes_);
    from.moveTo(bytes_, count);
    slots_.push_back(count);
    return count;
  }

  /// Out of the first slot. REQUIRES: !empty(). Returns how much it gave.
  std::size_t drainSlot(ByteQueue& to, std::size_t bytesMax) {
    std::size_t& slot = slots_.front();
    const std::size_t count = std::min(bytesMax, slot);
    bytes_.moveTo(to, count);
    slot -= count;
    if (slot == 0) {
      slots_.pop_front();
    }
    return count;
  }

 private:
  std::size_t slotsMax_;
  std::size_t pieceBytes_;
  ByteQueue bytes_;
  std::deque<std::size_t> slots_;
};

}  // namespace weft::test
