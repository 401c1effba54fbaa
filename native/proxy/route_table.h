// RouteTable: which rule of a listener's routes fits a request, with the precedence of the Gateway
// API: the most exact host, then the most exact path (whole, regular expression, longest prefix),
// then a method, more fields, more parameters of the query, and at last the order in which rules
// were written. Built once for a snapshot, off the traffic threads; immutable and shared by all
// workers. Hosts and paths are looked up, so that a match costs the same however many there are; it
// allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/text_map.h"
#include "codec/h1_field_reader.h"
#include "snapshot/route.h"

namespace weft::proxy {

/// What a route may look at.
struct RouteRequest {
  std::string_view method;
  std::string_view authority;  ///< As it came, with a port or without.
  std::string_view path;       ///< With the query.
  codec::H1Fields fields;
};

struct RouteMatch {
  std::uint32_t rule = 0;
  std::uint32_t match = 0;  ///< 0 of a rule without any.

  friend bool operator==(const RouteMatch&, const RouteMatch&) = default;
};

class RouteTable {
 public:
  RouteTable(std::uint64_t revision, std::vector<snapshot::HttpRule> rules);

  /// The same number stands for the same rules.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }

  [[nodiscard]] const std::vector<snapshot::HttpRule>& rules() const noexcept { return rules_; }

  [[nodiscard]] std::optional<RouteMatch> match(const RouteRequest& request) const noexcept;

  /// The prefix of the path that a match of a rule stands for; 0 when it is no prefix.
  [[nodiscard]] std::size_t prefixBytes(RouteMatch match) const noexcept;

 private:
  /// In the order in which they are tried.
  using Candidates = std::vector<RouteMatch>;

  struct Paths {
    base::TextMap<Candidates> exact;
    Candidates patterns;
    base::TextMap<Candidates> prefixes;  ///< Without a slash at the end.
    std::size_t prefixBytesMax = 0;
  };

  struct Split;

  void add(RouteMatch match, const snapshot::HttpMatch& wanted);
  [[nodiscard]] const snapshot::HttpMatch& at(RouteMatch match) const noexcept;
  [[nodiscard]] std::optional<RouteMatch> matchPath(const Paths& paths,
                                                    const Split& request) const noexcept;
  [[nodiscard]] std::optional<RouteMatch> lookUp(const base::TextMap<Candidates>& paths,
                                                 std::string_view path,
                                                 const Split& request) const noexcept;
  [[nodiscard]] bool fits(RouteMatch candidate, const Split& request) const noexcept;

  std::uint64_t revision_;
  std::vector<snapshot::HttpRule> rules_;
  base::TextMap<Paths> exactHosts_;
  base::TextMap<Paths> suffixHosts_;  ///< Without the star and its dot.
  Paths anyHost_;
};

}  // namespace weft::proxy
