// Counts heap allocations of the whole test program. Linking it replaces operator new and delete,
// except under ThreadSanitizer, whose runtime has its own and lets nobody else define them.
#pragma once

#include <cstdint>

#include "support/sanitizers.h"

namespace weft::test {

inline constexpr bool kAllocationsCounted = !kThreadSanitizer;

/// Calls of operator new since the program began, on any thread; always 0 when they are not
/// counted.
[[nodiscard]] std::uint64_t allocationCount() noexcept;

}  // namespace weft::test
