// Which failures of a request may be tried again as its route says, and when. Any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/random.h"
#include "codec/h1_field_reader.h"
#include "snapshot/route.h"

namespace weft::proxy {

[[nodiscard]] bool retriesStatus(const snapshot::Retry& retry, std::uint16_t status) noexcept;

/// How long to wait before the attempt with that number; the first one after the original is 1. A
/// random part keeps those that failed together from coming back together.
[[nodiscard]] base::Duration backoff(const snapshot::Retry& retry, std::uint32_t attempt,
                                     base::Random& random) noexcept;

/// What Retry-After asks for, in seconds (RFC 9110 10.2.3); none when it is absent or a date.
[[nodiscard]] std::optional<base::Duration> retryAfter(const codec::H1Fields& fields) noexcept;

}  // namespace weft::proxy
