// What a path becomes, and where a client is sent: the filters URLRewrite and RequestRedirect of
// the Gateway API. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "snapshot/route.h"

namespace weft::proxy {

/// A path with its query in two pieces that follow each other.
struct RewrittenPath {
  std::string_view before;
  std::string_view behind;
};

/// `prefixBytes` of the path are what the match stood for.
[[nodiscard]] RewrittenPath rewritePath(const snapshot::PathRewrite& rewrite, std::string_view path,
                                        std::size_t prefixBytes) noexcept;

/// The value of Location. `authority` is that of the request, `scheme` how it came.
[[nodiscard]] std::string redirectLocation(const snapshot::Redirect& redirect,
                                           std::string_view scheme, std::string_view authority,
                                           std::string_view path, std::size_t prefixBytes);

}  // namespace weft::proxy
