// Rules and a request that the input makes up, from few hosts and segments so that they meet: the
// table finds the rule that looking at each one finds. Then what a route makes of the path: a
// rewritten target is one that is read again, and a redirect ends no line.
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/h1_target.h"
#include "codec/http_text.h"
#include "proxy/rewrite.h"
#include "proxy/route_table.h"
#include "support/fuzzing.h"

namespace weft::test {
namespace {

using proxy::RouteMatch;
using snapshot::HttpMatch;
using snapshot::HttpRule;
using snapshot::PathMatchType;

constexpr const char* kHosts[] = {"a.com", "b.a.com", "*.a.com", "*.b.a.com", "*.com"};
constexpr const char* kSegments[] = {"", "a", "b", "ab", "A", "%61", "..", "?"};
constexpr const char* kMethods[] = {"GET", "POST"};
constexpr const char* kValues[] = {"", "1", "2", "1,2"};

std::string chosenPath(Choices& choices) {
  std::string path;
  do {
    path += '/';
    path += choices.oneOf(kSegments);
  } while (choices.more() && choices.oneIn(2));
  return path;
}

HttpRule chosenRule(Choices& choices) {
  HttpRule rule;
  while (choices.more() && choices.oneIn(2)) {
    rule.hostnames.emplace_back(choices.oneOf(kHosts));
  }
  while (choices.more() && choices.oneIn(2)) {
    HttpMatch match;
    match.path.type = choices.oneIn(2) ? PathMatchType::Exact : PathMatchType::Prefix;
    match.path.value = chosenPath(choices);
    if (choices.oneIn(3)) {
      match.method = choices.oneOf(kMethods);
    }
    if (choices.oneIn(3)) {
      match.headers.push_back({.name = "x", .value = choices.oneOf(kValues)});
    }
    rule.matches.push_back(std::move(match));
  }
  return rule;
}

/// More is better; empty: the name does not fit.
std::optional<std::size_t> hostRank(const HttpRule& rule, std::string_view host) {
  if (rule.hostnames.empty()) {
    return 0;
  }
  std::optional<std::size_t> best;
  for (const std::string_view name : rule.hostnames) {
    const bool wildcard = name.starts_with("*.");
    const bool fits =
        wildcard ? host.ends_with(name.substr(1)) && host.size() >= name.size() : host == name;
    if (fits) {
      best = std::max(best.value_or(0), wildcard ? name.size() : std::size_t{1000});
    }
  }
  return best;
}

struct Asked {
  std::string method;
  std::string host;
  std::string path;
  std::vector<std::string> values;  ///< Of the field x.
};

using Rank = std::array<std::size_t, 6>;

std::optional<Rank> rankOf(const HttpRule& rule, const HttpMatch& match, const Asked& asked) {
  const auto host = hostRank(rule, asked.host);
  const std::string path = asked.path.substr(0, asked.path.find('?'));
  std::string prefix = match.path.value;
  if (prefix.ends_with('/')) {
    prefix.pop_back();
  }
  const bool exact = match.path.type == PathMatchType::Exact;
  const bool fits =
      exact ? path == match.path.value : path == prefix || path.starts_with(prefix + "/");
  std::string joined;
  for (const std::string& value : asked.values) {
    joined += (joined.empty() && &value == asked.values.data() ? "" : ",") + value;
  }
  const bool headers =
      match.headers.empty() || (!asked.values.empty() && joined == match.headers[0].value);
  if (!host || !fits || !headers || (!match.method.empty() && match.method != asked.method)) {
    return std::nullopt;
  }
  return Rank{*host,
              exact ? 1U : 0U,
              exact ? 0 : prefix.size(),
              match.method.empty() ? 0U : 1U,
              match.headers.size(),
              0};
}

std::optional<RouteMatch> plainly(const std::vector<HttpRule>& rules, const Asked& asked) {
  std::optional<RouteMatch> best;
  Rank bestRank{};
  for (std::uint32_t rule = 0; rule < rules.size(); ++rule) {
    const std::vector<HttpMatch> one(1);
    const std::vector<HttpMatch>& matches = rules[rule].matches.empty() ? one : rules[rule].matches;
    for (std::uint32_t match = 0; match < matches.size(); ++match) {
      const auto rank = rankOf(rules[rule], matches[match], asked);
      if (rank && (!best || *rank > bestRank)) {
        best = RouteMatch{.rule = rule, .match = match};
        bestRank = *rank;
      }
    }
  }
  return best;
}

void checkPaths(Choices& choices, const Asked& asked, std::size_t prefixBytes) {
  const snapshot::PathRewrite rewrite{.prefixOnly = choices.oneIn(2), .value = chosenPath(choices)};
  const proxy::RewrittenPath pieces = proxy::rewritePath(rewrite, asked.path, prefixBytes);
  const std::string path = std::string(pieces.before) + std::string(pieces.behind);
  codec::H1Target target;
  WEFT_CHECK(codec::readTarget(asked.method, path, target) == codec::H1Fault::None);
  const std::string location =
      proxy::redirectLocation({.hostname = choices.oneIn(2) ? "c.org" : "", .path = rewrite},
                              "http", asked.host, asked.path, prefixBytes);
  WEFT_CHECK(codec::consistsOf(location, codec::kValue));
}

}  // namespace
}  // namespace weft::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft;
  test::FuzzChoices choices = test::choicesOf(data, size);
  std::vector<snapshot::HttpRule> rules;
  do {
    rules.push_back(test::chosenRule(choices));
  } while (rules.size() < 8 && choices.more() && choices.oneIn(2));
  const proxy::RouteTable table(1, rules);
  while (choices.more()) {
    test::Asked asked{.method = choices.oneOf(test::kMethods),
                      .host = choices.oneOf(test::kHosts),
                      .path = test::chosenPath(choices),
                      .values = {}};
    while (choices.more() && choices.oneIn(3)) {
      asked.values.emplace_back(choices.oneOf(test::kValues));
    }
    std::string text;
    std::vector<codec::H1Field> fields;
    for (const std::string& value : asked.values) {
      const auto at = static_cast<std::uint32_t>(text.size());
      text += "X" + value;
      fields.push_back({.nameAt = at,
                        .valueAt = at + 1,
                        .valueBytes = static_cast<std::uint32_t>(value.size()),
                        .nameBytes = 1});
    }
    const auto found = table.match({.method = asked.method,
                                    .authority = asked.host,
                                    .path = asked.path,
                                    .fields = codec::H1Fields(text, fields)});
    WEFT_CHECK(found == test::plainly(rules, asked));
    test::checkPaths(choices, asked, found ? table.prefixBytes(*found) : 0);
  }
  return 0;
}
