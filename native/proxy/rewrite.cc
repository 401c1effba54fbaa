#include "proxy/rewrite.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "snapshot/route.h"

namespace weft::proxy {

namespace {

/// Where the port begins, with its colon.
std::size_t portAt(std::string_view authority) noexcept {
  const std::size_t closing = authority.rfind(']');
  const std::size_t colon = authority.find(':', closing == std::string_view::npos ? 0 : closing);
  return std::min(colon, authority.size());
}

}  // namespace

RewrittenPath rewritePath(const snapshot::PathRewrite& rewrite, std::string_view path,
                          std::size_t prefixBytes) noexcept {
  const std::size_t mark = std::min(path.find('?'), path.size());
  if (!rewrite.prefixOnly) {
    return {.before = rewrite.value, .behind = path.substr(mark)};
  }
  std::string_view value = rewrite.value;
  if (value.ends_with('/')) {
    value.remove_suffix(1);
  }
  const std::string_view behind = path.substr(std::min(prefixBytes, mark));
  // Something is left that begins with a slash, or a slash is.
  const bool empty = value.empty() && !behind.starts_with('/');
  return {.before = empty ? "/" : value, .behind = behind};
}

std::string redirectLocation(const snapshot::Redirect& redirect, std::string_view scheme,
                             std::string_view authority, std::string_view path,
                             std::size_t prefixBytes) {
  const std::size_t port = portAt(authority);
  const std::string_view wanted = redirect.scheme.empty() ? scheme : redirect.scheme;
  std::string location(wanted);
  location += "://";
  location += redirect.hostname.empty() ? authority.substr(0, port) : redirect.hostname;
  if (redirect.port) {
    const bool usual = *redirect.port == (wanted == "https" ? 443 : 80);
    location += usual ? "" : ":" + std::to_string(*redirect.port);
  } else if (redirect.scheme.empty()) {
    location += authority.substr(port);
  }
  if (redirect.path) {
    const RewrittenPath rewritten = rewritePath(*redirect.path, path, prefixBytes);
    location += rewritten.before;
    location += rewritten.behind;
  } else {
    location += path;
  }
  return location;
}

}  // namespace weft::proxy
