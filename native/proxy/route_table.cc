#include "proxy/route_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/pattern.h"
#include "base/text_map.h"
#include "codec/h1_field_reader.h"
#include "codec/http_text.h"
#include "snapshot/route.h"

namespace weft::proxy {

using snapshot::HttpMatch;
using snapshot::HttpRule;
using snapshot::PathMatchType;
using snapshot::ValueMatch;

namespace {

/// Of a rule that takes every request.
const HttpMatch kEveryRequest{};

/// Longer ones are no names (RFC 1035 2.3.4).
constexpr std::size_t kHostBytesMax = 255;

/// A prefix stands for whole segments, with a slash at its end or without.
std::string_view withoutSlash(std::string_view prefix) noexcept {
  return prefix.ends_with('/') ? prefix.substr(0, prefix.size() - 1) : prefix;
}

/// Without its port, and without the dot of a name that is complete.
std::string_view hostOf(std::string_view authority) noexcept {
  const std::size_t closing = authority.rfind(']');
  const std::size_t from = closing == std::string_view::npos ? 0 : closing;
  std::string_view host = authority.substr(0, authority.find(':', from));
  return host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
}

/// Compares a value that comes piece by piece.
class ValueMatcher {
 public:
  explicit ValueMatcher(const ValueMatch& wanted) noexcept
      : wanted_(wanted), state_(wanted.pattern == nullptr ? 0 : wanted.pattern->start()) {}

  void feed(std::string_view piece) noexcept {
    if (wanted_.pattern != nullptr) {
      state_ = wanted_.pattern->after(state_, piece);
    } else {
      fits_ = fits_ && std::string_view(wanted_.value).substr(taken_).starts_with(piece);
      taken_ += fits_ ? piece.size() : 0;
    }
  }

  [[nodiscard]] bool matches() const noexcept {
    return wanted_.pattern != nullptr ? wanted_.pattern->accepts(state_)
                                      : fits_ && taken_ == wanted_.value.size();
  }

 private:
  const ValueMatch& wanted_;
  std::size_t taken_ = 0;
  base::Pattern::State state_;
  bool fits_ = true;
};

/// Several fields of one name are one list (RFC 9110 5.3).
bool headerFits(const ValueMatch& wanted, const codec::H1Fields& fields) noexcept {
  ValueMatcher matcher(wanted);
  bool found = false;
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (codec::equalsLower(fields.name(index), wanted.name)) {
      if (std::exchange(found, true)) {
        matcher.feed(",");
      }
      matcher.feed(fields.value(index));
    }
  }
  return found && matcher.matches();
}

int hexDigit(char digit) noexcept {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  const char lower = codec::lowerCase(digit);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// One byte of a query as it is meant ('%2B', '+'); takes what stands for it.
char nextDecoded(std::string_view& rest) noexcept {
  char byte = rest.front();
  std::size_t taken = 1;
  if (byte == '+') {
    byte = ' ';
  } else if (byte == '%' && rest.size() > 2) {
    const int high = hexDigit(rest[1]);
    const int low = hexDigit(rest[2]);
    if (high >= 0 && low >= 0) {
      byte = static_cast<char>(high * 16 + low);
      taken = 3;
    }
  }
  rest.remove_prefix(taken);
  return byte;
}

bool decodesTo(std::string_view encoded, std::string_view name) noexcept {
  while (!encoded.empty() && !name.empty() && nextDecoded(encoded) == name.front()) {
    name.remove_prefix(1);
  }
  return encoded.empty() && name.empty();
}

/// The first one of that name counts.
bool queryFits(const ValueMatch& wanted, std::string_view query) noexcept {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (decodesTo(pair.substr(0, equals), wanted.name)) {
      std::string_view value = pair.substr(std::min(pair.size(), equals + 1));
      ValueMatcher matcher(wanted);
      while (!value.empty()) {
        const char byte = nextDecoded(value);
        matcher.feed(std::string_view(&byte, 1));
      }
      return matcher.matches();
    }
  }
  return false;
}

}  // namespace

/// A request with its target in parts.
struct RouteTable::Split {
  std::string_view method;
  std::string_view path;  ///< Without the query.
  std::string_view query;
  const codec::H1Fields& fields;
};

RouteTable::RouteTable(std::uint64_t revision, std::vector<HttpRule> rules)
    : revision_(revision), rules_(std::move(rules)) {
  Candidates all;
  for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) {
    const std::size_t count = std::max<std::size_t>(rules_[rule].matches.size(), 1);
    for (std::uint32_t match = 0; match < count; ++match) {
      all.push_back({.rule = rule, .match = match});
    }
  }
  const auto rank = [this](RouteMatch one) {
    const HttpMatch& match = at(one);
    return std::array{std::size_t{match.method.empty() ? 1U : 0U}, ~match.headers.size(),
                      ~match.queryParams.size(), std::size_t{one.rule}, std::size_t{one.match}};
  };
  std::ranges::sort(all, {}, rank);
  for (const RouteMatch match : all) {
    add(match, at(match));
  }
}

void RouteTable::add(RouteMatch match, const HttpMatch& wanted) {
  const auto addTo = [&](Paths& paths) {
    switch (wanted.path.type) {
      case PathMatchType::Exact:
        paths.exact[wanted.path.value].push_back(match);
        break;
      case PathMatchType::Regex:
        paths.patterns.push_back(match);
        break;
      case PathMatchType::Prefix: {
        const std::string_view prefix = withoutSlash(wanted.path.value);
        paths.prefixes[std::string(prefix)].push_back(match);
        paths.prefixBytesMax = std::max(paths.prefixBytesMax, prefix.size());
        break;
      }
    }
  };
  const std::vector<std::string>& hostnames = rules_[match.rule].hostnames;
  if (hostnames.empty()) {
    addTo(anyHost_);
  }
  for (const std::string_view name : hostnames) {
    if (name.starts_with("*.")) {
      addTo(suffixHosts_[std::string(name.substr(2))]);
    } else {
      addTo(exactHosts_[std::string(name)]);
    }
  }
}

const HttpMatch& RouteTable::at(RouteMatch match) const noexcept {
  const std::vector<HttpMatch>& matches = rules_[match.rule].matches;
  return matches.empty() ? kEveryRequest : matches[match.match];
}

std::size_t RouteTable::prefixBytes(RouteMatch match) const noexcept {
  const snapshot::PathMatch& path = at(match).path;
  return path.type == PathMatchType::Prefix ? withoutSlash(path.value).size() : 0;
}

std::optional<RouteMatch> RouteTable::match(const RouteRequest& request) const noexcept {
  const std::size_t mark = std::min(request.path.find('?'), request.path.size());
  const Split split{.method = request.method,
                    .path = request.path.substr(0, mark),
                    .query = request.path.substr(std::min(request.path.size(), mark + 1)),
                    .fields = request.fields};
  std::array<char, kHostBytesMax> lower{};
  const std::string_view host = hostOf(request.authority);
  if (!host.empty() && host.size() <= lower.size()) {
    std::ranges::transform(host, lower.begin(), codec::lowerCase);
    const std::string_view name(lower.data(), host.size());
    const auto lookUpHost = [&](const base::TextMap<Paths>& hosts, std::string_view wanted) {
      const auto found = hosts.find(wanted);
      return found == hosts.end() ? std::nullopt : matchPath(found->second, split);
    };
    if (const auto found = lookUpHost(exactHosts_, name)) {
      return found;
    }
    // The first dot leaves the longest suffix. A wildcard stands for at least one character.
    for (std::size_t dot = suffixHosts_.empty() ? std::string_view::npos : name.find('.', 1);
         dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
      if (const auto found = lookUpHost(suffixHosts_, name.substr(dot + 1))) {
        return found;
      }
    }
  }
  return matchPath(anyHost_, split);
}

std::optional<RouteMatch> RouteTable::matchPath(const Paths& paths,
                                                const Split& request) const noexcept {
  const std::string_view path = request.path;
  if (path.starts_with('/')) {
    if (const auto found = lookUp(paths.exact, path, request)) {
      return found;
    }
    for (const RouteMatch candidate : paths.patterns) {
      if (at(candidate).path.pattern->matches(path) && fits(candidate, request)) {
        return candidate;
      }
    }
    // What ends where a segment does, the longest first.
    std::size_t end = path.size();
    if (end > paths.prefixBytesMax) {
      end = path.rfind('/', paths.prefixBytesMax);
    }
    for (; end != 0 && end != std::string_view::npos; end = path.rfind('/', end - 1)) {
      if (const auto found = lookUp(paths.prefixes, path.substr(0, end), request)) {
        return found;
      }
    }
  }
  // What has no path ('*', the target of CONNECT) is taken by who takes all paths.
  return lookUp(paths.prefixes, {}, request);
}

std::optional<RouteMatch> RouteTable::lookUp(const base::TextMap<Candidates>& paths,
                                             std::string_view path,
                                             const Split& request) const noexcept {
  const auto found = paths.find(path);
  if (found != paths.end()) {
    for (const RouteMatch candidate : found->second) {
      if (fits(candidate, request)) {
        return candidate;
      }
    }
  }
  return std::nullopt;
}

bool RouteTable::fits(RouteMatch candidate, const Split& request) const noexcept {
  const HttpMatch& wanted = at(candidate);
  const auto header = [&request](const ValueMatch& match) {
    return headerFits(match, request.fields);
  };
  const auto parameter = [&request](const ValueMatch& match) {
    return queryFits(match, request.query);
  };
  return (wanted.method.empty() || wanted.method == request.method) &&
         std::ranges::all_of(wanted.headers, header) &&
         std::ranges::all_of(wanted.queryParams, parameter);
}

}  // namespace weft::proxy
