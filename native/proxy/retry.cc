#include "proxy/retry.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/clock.h"
#include "base/random.h"
#include "codec/h1_field_reader.h"
#include "codec/http_text.h"
#include "snapshot/route.h"

namespace weft::proxy {

namespace {

/// More than that is as good as never.
constexpr std::uint32_t kSecondsMax = 1'000'000;

/// Beyond that many doublings every maximum is reached.
constexpr std::uint32_t kDoublingsMax = 20;

}  // namespace

bool retriesStatus(const snapshot::Retry& retry, std::uint16_t status) noexcept {
  return std::ranges::binary_search(retry.statuses, status);
}

base::Duration backoff(const snapshot::Retry& retry, std::uint32_t attempt,
                       base::Random& random) noexcept {
  const base::Duration most =
      std::min(retry.backoffMax, retry.backoffMin * (1U << std::min(attempt, kDoublingsMax)));
  const auto spread = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>((most - retry.backoffMin).count(), 0, std::int64_t{UINT32_MAX} - 1));
  return retry.backoffMin + base::Duration(random.below(spread + 1));
}

std::optional<base::Duration> retryAfter(const codec::H1Fields& fields) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (codec::equalsLower(fields.name(index), "retry-after")) {
      const std::string_view value = fields.value(index);
      std::uint32_t seconds = 0;
      const auto [stopped, error] = std::from_chars(value.begin(), value.end(), seconds);
      if (error == std::errc{} && stopped == value.end()) {
        return std::chrono::seconds(std::min(seconds, kSecondsMax));
      }
    }
  }
  return std::nullopt;
}

}  // namespace weft::proxy
