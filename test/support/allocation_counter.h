// Counts heap allocations of the whole test program. Linking it replaces operator new and delete.
#pragma once

#include <cstdint>

namespace weft::test {

/// Calls of operator new since the program began, on any thread.
[[nodiscard]] std::uint64_t allocationCount() noexcept;

}  // namespace weft::test
