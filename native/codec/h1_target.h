// The target of a request of HTTP/1 (RFC 9112 3.2) in its four forms, and where it leads. No
// allocation; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "codec/h1_fault.h"

namespace weft::codec {

enum class H1TargetForm : std::uint8_t { Origin, Absolute, Authority, Asterisk };

/// Views of the target.
struct H1Target {
  H1TargetForm form = H1TargetForm::Origin;
  std::string_view authority;  ///< Of Absolute and Authority; counts instead of Host.
  std::string_view path;       ///< With the query; begins with '/', or is '*'. Not of Authority.
  bool slashLacks = false;     ///< Of Absolute: `path` is a query alone.
};

[[nodiscard]] H1Fault readTarget(std::string_view method, std::string_view target,
                                 H1Target& read) noexcept;

}  // namespace weft::codec
