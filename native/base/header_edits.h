// HeaderEdits: what changes in the fields of a message on its way: some are left out, some take the
// place of those with their name, some come beside them. Immutable once in a snapshot.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace weft::base {

struct HeaderField {
  std::string name{};  ///< In lower case.
  std::string value{};
};

struct HeaderEdits {
  std::vector<HeaderField> set{};
  std::vector<HeaderField> add{};
  std::vector<std::string> remove{};  ///< In lower case.

  [[nodiscard]] bool empty() const noexcept { return set.empty() && add.empty() && remove.empty(); }

  /// Of what is written, with the bytes around names and values.
  [[nodiscard]] std::size_t bytes() const noexcept {
    constexpr std::size_t kAround = 4;
    std::size_t sum = 0;
    for (const std::vector<HeaderField>* list : {&set, &add}) {
      for (const HeaderField& field : *list) {
        sum += field.name.size() + field.value.size() + kAround;
      }
    }
    return sum;
  }
};

}  // namespace weft::base
