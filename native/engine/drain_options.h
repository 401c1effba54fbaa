// What a drain is to end, and by when.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace weft::engine {

enum class DrainListeners : std::uint8_t { Close, Keep };

/// Whose listeners and connections a drain ends.
enum class DrainScope : std::uint8_t { All, Inbound };

struct DrainOptions {
  base::Duration deadline{};
  DrainListeners listeners = DrainListeners::Close;
  DrainScope scope = DrainScope::All;
};

}  // namespace weft::engine
