// What the kernel lets this process have, and what it asks of it.
#pragma once

#include <cstdint>

namespace weft::os {

/// Raises the soft limit of descriptors to the hard one and returns it. Any thread; again is
/// harmless.
[[nodiscard]] std::uint32_t raiseDescriptorLimit() noexcept;

/// Descriptors that are open now.
[[nodiscard]] std::uint32_t openDescriptorCount() noexcept;

/// Waits for an ended child of this process; false when it has not ended or is no child. Never
/// blocks.
[[nodiscard]] bool reapChild(std::int32_t pid) noexcept;

/// CPUs of the affinity mask, at least 1.
[[nodiscard]] std::uint32_t affinityCpuCount() noexcept;

}  // namespace weft::os
