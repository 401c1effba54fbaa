#include "binding/read_routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/header_edits.h"
#include "base/ids.h"
#include "base/pattern.h"
#include "binding/field_reader.h"
#include "binding/read_values.h"
#include "binding/words.h"
#include "codec/http_text.h"
#include "proxy/route_table.h"
#include "snapshot/route.h"

namespace weft::binding {

namespace {

constexpr Range kStatusRange{.min = 200, .max = 599};
constexpr Range kRedirectRange{.min = 300, .max = 308};
constexpr Range kShareRange{.min = 0, .max = 1'000'000};
constexpr Range kIntervalUsRange{.min = 1, .max = std::uint64_t{86'400} * 1'000'000};
constexpr Range kRetriesRange{.min = 1, .max = 100};
// What a table of the largest regular expression has.
constexpr Range kStateRange{.min = 0, .max = 4'095};
constexpr Range kByteClassRange{.min = 0, .max = 255};
constexpr std::size_t kByteValues = 256;

using PatternPtr = std::shared_ptr<const base::Pattern>;

PatternPtr readPattern(Reading& reading, const Field& field) {
  std::array<std::uint8_t, kByteValues> classes{};
  const Field classesField = field.at("classes");
  if (classesField.length() != classes.size()) {
    classesField.fail("expected 256 numbers");
    return nullptr;
  }
  std::size_t at = 0;
  std::size_t classCount = 1;
  readEach(reading, classesField, [&](const Field& element) {
    const auto number = element.number<std::uint8_t>(kByteClassRange);
    classCount = std::max<std::size_t>(classCount, number + std::size_t{1});
    classes.at(at++) = number;
  });
  const auto start = field.at("start").number<base::Pattern::State>(kStateRange);
  const auto acceptingFrom =
      field.at("acceptingFrom").number<std::uint16_t>({.min = 1, .max = kStateRange.max + 1});
  const Field nextField = field.at("next");
  std::vector<base::Pattern::State> next;
  const std::size_t stateCount = nextField.length() / classCount;
  readEach(reading, nextField, [&](const Field& element) {
    next.push_back(element.number<base::Pattern::State>(
        {.min = 0, .max = stateCount == 0 ? 0 : stateCount - 1}));
  });
  if (reading.ok() && (stateCount == 0 || next.size() != stateCount * classCount)) {
    nextField.fail("expected a number for each state and class");
  }
  if (reading.ok() && start >= stateCount) {
    field.at("start").fail("expected the number of a state, got " + std::to_string(start));
  }
  return reading.ok()
             ? std::make_shared<const base::Pattern>(classes, std::move(next), start, acceptingFrom)
             : nullptr;
}

PatternPtr readPatternOrNull(Reading& reading, const Field& field) {
  return field.orNull([&](const Field& present) { return readPattern(reading, present); })
      .value_or(nullptr);
}

/// What is compared knows no case.
std::string readLowerName(const Field& field) {
  std::string name = field.text();
  for (char& letter : name) {
    letter = codec::lowerCase(letter);
  }
  if (!codec::consistsOf(name, codec::kToken) || name.empty()) {
    field.fail("expected the name of a field of HTTP");
  }
  return name;
}

snapshot::PathMatch readPathMatch(Reading& reading, const Field& field) {
  snapshot::PathMatch match{.type = field.at("type").word<snapshot::PathMatchType>(kPathMatchWords),
                            .value = field.at("value").text(),
                            .pattern = readPatternOrNull(reading, field.at("pattern"))};
  const bool regex = match.type == snapshot::PathMatchType::Regex;
  if (reading.ok() && regex != (match.pattern != nullptr)) {
    field.at("pattern").fail(regex ? "expected a pattern, got null"
                                   : "expected null, as the type is not 'regex'");
  }
  return match;
}

std::vector<snapshot::ValueMatch> readValueMatches(Reading& reading, const Field& field,
                                                   bool headers) {
  std::vector<snapshot::ValueMatch> matches;
  readEach(reading, field, [&](const Field& element) {
    const Field name = element.at("name");
    matches.push_back({.name = headers ? readLowerName(name) : name.text(),
                       .value = element.at("value").text(),
                       .pattern = readPatternOrNull(reading, element.at("pattern"))});
  });
  return matches;
}

std::vector<snapshot::HttpMatch> readMatches(Reading& reading, const Field& field) {
  std::vector<snapshot::HttpMatch> matches;
  readEach(reading, field, [&](const Field& element) {
    matches.push_back({.path = readPathMatch(reading, element.at("path")),
                       .method = element.at("method").text(),
                       .headers = readValueMatches(reading, element.at("headers"), true),
                       .queryParams = readValueMatches(reading, element.at("queryParams"), false)});
  });
  return matches;
}

std::optional<snapshot::PathRewrite> readPathRewrite(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::PathRewrite{.prefixOnly = present.at("prefixOnly").boolean(),
                                 .value = readFieldValue(present.at("value"))};
  });
}

std::optional<snapshot::Redirect> readRedirect(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::Redirect{.scheme = readFieldValue(present.at("scheme")),
                              .hostname = readFieldValue(present.at("hostname")),
                              .port = present.at("port").orNull([](const Field& port) {
                                return port.number<std::uint16_t>(kPortRange);
                              }),
                              .path = readPathRewrite(present.at("path")),
                              .status = present.at("status").number<std::uint16_t>(kRedirectRange)};
  });
}

std::optional<snapshot::DirectResponse> readDirectResponse(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::DirectResponse{
        .status = present.at("status").number<std::uint16_t>(kStatusRange),
        .contentType = readFieldValue(present.at("contentType")),
        .body = present.at("body").text()};
  });
}

std::optional<snapshot::UrlRewrite> readRewrite(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::UrlRewrite{.hostname = readFieldValue(present.at("hostname")),
                                .path = readPathRewrite(present.at("path"))};
  });
}

std::optional<snapshot::Fault> readFault(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::Fault{
        .delay = present.at("delayMs").duration(kDurationOrNoneRange),
        .delayShare = present.at("delayShare").number<std::uint32_t>(kShareRange),
        .abortStatus = present.at("abortStatus").number<std::uint16_t>(kStatusRange),
        .abortShare = present.at("abortShare").number<std::uint32_t>(kShareRange)};
  });
}

std::optional<snapshot::RateLimit> readRateLimit(const Field& field) {
  return field.orNull([](const Field& present) {
    return snapshot::RateLimit{.interval = std::chrono::microseconds(static_cast<std::int64_t>(
                                   present.at("intervalUs").integer(kIntervalUsRange))),
                               .burst = present.at("burst").number<std::uint32_t>(kWeightRange)};
  });
}

std::optional<snapshot::Retry> readRetry(Reading& reading, const Field& field) {
  return field.orNull([&reading](const Field& present) {
    snapshot::Retry retry{.attemptsMax =
                              present.at("attemptsMax").number<std::uint32_t>(kRetriesRange)};
    readEach(reading, present.at("statuses"), [&retry](const Field& element) {
      retry.statuses.push_back(element.number<std::uint16_t>(kStatusRange));
    });
    if (!std::ranges::is_sorted(retry.statuses)) {
      present.at("statuses").fail("expected numbers in order");
    }
    retry.onReset = present.at("onReset").boolean();
    retry.onTimeout = present.at("onTimeout").boolean();
    retry.anyMethod = present.at("anyMethod").boolean();
    retry.backoffMin = present.at("backoffMinMs").duration(kDurationRange);
    retry.backoffMax = present.at("backoffMaxMs").duration(kDurationRange);
    return retry;
  });
}

base::HeaderEdits readEdits(Reading& reading, const Field& field) {
  base::HeaderEdits edits{.set = readHeaderFields(reading, field.at("set")),
                          .add = readHeaderFields(reading, field.at("add")),
                          .remove = {}};
  readEach(reading, field.at("remove"),
           [&edits](const Field& element) { edits.remove.push_back(readLowerName(element)); });
  return edits;
}

std::vector<snapshot::HttpBackendRef> readHttpBackends(Reading& reading, const Field& field) {
  std::vector<snapshot::HttpBackendRef> backends;
  readEach(reading, field, [&](const Field& element) {
    backends.push_back({.clusterId = readId<base::ClusterId>(element.at("clusterId")),
                        .weight = element.at("weight").number<std::uint32_t>(kWeightRange),
                        .requestHeaders = readEdits(reading, element.at("requestHeaders")),
                        .responseHeaders = readEdits(reading, element.at("responseHeaders"))});
  });
  return backends;
}

std::vector<snapshot::RequestMirror> readMirrors(Reading& reading, const Field& field) {
  std::vector<snapshot::RequestMirror> mirrors;
  readEach(reading, field, [&](const Field& element) {
    mirrors.push_back(
        {.share = element.at("share").number<std::uint32_t>(kShareRange),
         .timeout = element.at("timeoutMs").duration(kDurationRange),
         .backend = {.clusterId = readId<base::ClusterId>(element.at("clusterId")),
                     .requestHeaders = readEdits(reading, element.at("requestHeaders"))}});
  });
  return mirrors;
}

snapshot::HttpTimeouts readTimeouts(const Field& field) {
  return {.request = readDurationOrNull(field.at("requestMs")),
          .backendRequest = readDurationOrNull(field.at("backendRequestMs")),
          .responseHead = readDurationOrNull(field.at("responseHeadMs"))};
}

snapshot::HttpRule readRule(Reading& reading, const Field& field,
                            std::unordered_set<base::RouteId>& taken) {
  return {.id = readOwnId(field.at("id"), taken),
          .name = field.at("name").text(),
          .hostnames = readTexts(reading, field.at("hostnames")),
          .matches = readMatches(reading, field.at("matches")),
          .redirect = readRedirect(field.at("redirect")),
          .directResponse = readDirectResponse(field.at("directResponse")),
          .rewrite = readRewrite(field.at("rewrite")),
          .fault = readFault(field.at("fault")),
          .rateLimit = readRateLimit(field.at("rateLimit")),
          .retry = readRetry(reading, field.at("retry")),
          .timeouts = readTimeouts(field.at("timeouts")),
          .mirrors = readMirrors(reading, field.at("mirrors")),
          .backendRefs = readHttpBackends(reading, field.at("backendRefs"))};
}

}  // namespace

std::vector<base::HeaderField> readHeaderFields(Reading& reading, const Field& field) {
  std::vector<base::HeaderField> fields;
  readEach(reading, field, [&](const Field& element) {
    fields.push_back(
        {.name = readLowerName(element.at("name")), .value = readFieldValue(element.at("value"))});
  });
  return fields;
}

std::shared_ptr<const proxy::RouteTable> readRouteTable(
    Reading& reading, const Field& field, std::shared_ptr<const proxy::RouteTable> before) {
  const std::uint64_t revision = field.at("revision").integer(kRevisionRange);
  if (before != nullptr && before->revision() == revision) {
    return before;
  }
  std::vector<snapshot::HttpRule> rules;
  std::unordered_set<base::RouteId> taken;
  readEach(reading, field.at("rules"),
           [&](const Field& element) { rules.push_back(readRule(reading, element, taken)); });
  return reading.ok() ? std::make_shared<const proxy::RouteTable>(revision, std::move(rules))
                      : nullptr;
}

}  // namespace weft::binding
