// TlsRoutes: which route of a listener fits the names of a ClientHello. Built once for a snapshot,
// off the traffic threads; immutable and shared by all workers. A match costs one lookup for the
// name and one for each of its dots, and allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codec/client_hello.h"
#include "snapshot/listener.h"

namespace weft::proxy {

class TlsRoutes {
 public:
  explicit TlsRoutes(const std::vector<snapshot::TlsRoute>& routes);

  /// The index of the route. `serverName` is in lower case; empty: the client sent none.
  [[nodiscard]] std::optional<std::size_t> match(std::string_view serverName,
                                                 codec::AlpnNames offered) const noexcept;

 private:
  /// A route as it counts for one of its names.
  struct Candidate {
    std::size_t route = 0;
    std::vector<std::string> alpn;
  };

  /// Those with protocols come first, in their order; then those that take whatever is offered.
  using Candidates = std::vector<Candidate>;

  struct NameHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name.

    [[nodiscard]] std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>{}(name);
    }
  };

  using ByName = std::unordered_map<std::string, Candidates, NameHash, std::equal_to<>>;

  [[nodiscard]] static std::optional<std::size_t> choose(const Candidates& candidates,
                                                         const codec::AlpnNames& offered) noexcept;
  [[nodiscard]] static std::optional<std::size_t> lookUp(const ByName& names, std::string_view name,
                                                         const codec::AlpnNames& offered) noexcept;

  ByName exact_;
  ByName suffixes_;  ///< Without the star and its dot.
  Candidates all_;   ///< For every name, and for none.
};

}  // namespace weft::proxy
