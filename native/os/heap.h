// The heap of the C library, where everything lives that has no pool.
#pragma once

namespace weft::os {

/// Gives what is free in it back to the kernel, and says whether there was anything. Threads that
/// allocate wait while their arena is looked through. Any thread. Nothing where the C library has
/// no such call.
[[nodiscard]] bool trimHeap() noexcept;

}  // namespace weft::os
