// What the choice of an endpoint depends on, where a balancer wants requests that belong together
// to meet: the client, or something that the request says. One worker.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "codec/h1_field_reader.h"
#include "snapshot/cluster.h"

namespace weft::proxy {

/// The key of a request; none: any endpoint is as good. `path` is with the query, which does not
/// count. `source` is the key of the connection.
[[nodiscard]] std::optional<std::uint64_t> requestKey(
    const snapshot::HashKey& wanted, const codec::H1Fields& fields, std::string_view path,
    const std::optional<std::uint64_t>& source) noexcept;

/// The value of a cookie of a request (RFC 6265 5.4); the first one of that name.
[[nodiscard]] std::optional<std::string_view> cookieOf(const codec::H1Fields& fields,
                                                       std::string_view name) noexcept;

}  // namespace weft::proxy
