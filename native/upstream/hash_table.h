// HashTable: which endpoint a key belongs to, and which come after it: the ready-made table of a
// ring hash or of Maglev. It depends on the addresses and weights of the endpoints alone, so that
// each worker and each process with the same endpoints sends a key to the same one. Immutable; a
// snapshot holds it and all workers share it. hash_table_builder.h makes it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace weft::upstream {

class HashTable {
 public:
  /// Of no endpoints.
  HashTable() = default;

  /// Equal parts of the keys: slots[i] is the endpoint of the i-th part.
  [[nodiscard]] static HashTable ofSlots(std::vector<std::uint32_t> slots);

  /// A ring: slots[i] is the endpoint of the keys from above points[i - 1] up to points[i], both
  /// as the upper 32 bits of a key. REQUIRES: points ascend; as many as slots.
  [[nodiscard]] static HashTable ofPoints(std::vector<std::uint32_t> points,
                                          std::vector<std::uint32_t> slots);

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(slots_.size());
  }

  /// The slot of a key. The same few steps for any number of endpoints. REQUIRES: size() > 0.
  [[nodiscard]] std::uint32_t slotOf(std::uint64_t key) const noexcept;

  /// Where keys go that the endpoint of this slot does not take.
  [[nodiscard]] std::uint32_t after(std::uint32_t slot) const noexcept {
    return slot + 1 < size() ? slot + 1 : 0;
  }

  /// The place of the slot's endpoint in the list that the table was made from.
  [[nodiscard]] std::uint32_t endpointOf(std::uint32_t slot) const noexcept { return slots_[slot]; }

 private:
  HashTable(std::vector<std::uint32_t> points, std::vector<std::uint32_t> slots);

  std::vector<std::uint32_t> slots_;
  std::vector<std::uint32_t> points_;  ///< Empty when all parts are equal.
  std::vector<std::uint32_t> starts_;  ///< First point of each of 2^n parts; one or two on average.
  std::uint32_t startShift_ = 0;       ///< 64 - n.
};

/// The tables of a cluster. Where a zone is preferred its endpoints have one of their own.
struct HashTables {
  HashTable table;  ///< Of the endpoints outside the own zone; of all without a preference.
  HashTable ownZone;
};

}  // namespace weft::upstream
