#include "proxy/tls_routes.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/client_hello.h"
#include "snapshot/listener.h"

namespace weft::proxy {

namespace {

constexpr std::string_view kWildcard = "*.";

bool offersOneOf(const codec::AlpnNames& offered, const std::vector<std::string>& wanted) noexcept {
  for (const std::string_view name : offered) {
    if (std::ranges::find(wanted, name) != wanted.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace

TlsRoutes::TlsRoutes(const std::vector<snapshot::TlsRoute>& routes) {
  const auto add = [this](const snapshot::TlsRoute& route, std::size_t index) {
    const Candidate candidate{.route = index, .alpn = route.alpn};
    for (const std::string_view name : route.hostnames) {
      const bool wildcard = name.starts_with(kWildcard);
      ByName& names = wildcard ? suffixes_ : exact_;
      names[std::string(name.substr(wildcard ? kWildcard.size() : 0))].push_back(candidate);
    }
    if (route.hostnames.empty()) {
      all_.push_back(candidate);
    }
  };
  for (const bool anyProtocol : {false, true}) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
      if (routes[i].alpn.empty() == anyProtocol) {
        add(routes[i], i);
      }
    }
  }
}

std::optional<std::size_t> TlsRoutes::match(std::string_view serverName,
                                            codec::AlpnNames offered) const noexcept {
  if (!serverName.empty()) {
    if (const auto found = lookUp(exact_, serverName, offered)) {
      return found;
    }
    // The first dot leaves the longest suffix. A wildcard stands for at least one character.
    for (std::size_t dot = serverName.find('.', 1); dot != std::string_view::npos;
         dot = serverName.find('.', dot + 1)) {
      if (const auto found = lookUp(suffixes_, serverName.substr(dot + 1), offered)) {
        return found;
      }
    }
  }
  return choose(all_, offered);
}

std::optional<std::size_t> TlsRoutes::lookUp(const ByName& names, std::string_view name,
                                             const codec::AlpnNames& offered) noexcept {
  const auto found = names.find(name);
  return found == names.end() ? std::nullopt : choose(found->second, offered);
}

std::optional<std::size_t> TlsRoutes::choose(const Candidates& candidates,
                                             const codec::AlpnNames& offered) noexcept {
  for (const Candidate& candidate : candidates) {
    if (candidate.alpn.empty() || offersOneOf(offered, candidate.alpn)) {
      return candidate.route;
    }
  }
  return std::nullopt;
}

}  // namespace weft::proxy
