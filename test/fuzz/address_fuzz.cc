// Addresses of the configuration as a person may write them: whatever is accepted prints back to
// something that parses to the same value.
#include "base/address.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weft::base::Address;
  const auto first = Address::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!first.ok()) {
    return 0;
  }
  const auto again = Address::parse(first.value().toString());
  WEFT_CHECK(again.ok() && again.value() == first.value());
  return 0;
}
