// Where requests go by what they ask for, and what happens to them on the way: the rules of an
// HTTPRoute of the Kubernetes Gateway API. Plain values, immutable once in a snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/header_edits.h"
#include "base/ids.h"
#include "base/pattern.h"

namespace weft::snapshot {

enum class PathMatchType : std::uint8_t { Exact, Prefix, Regex };

struct PathMatch {
  PathMatchType type = PathMatchType::Prefix;
  std::string value = "/";                         ///< Not of Regex.
  std::shared_ptr<const base::Pattern> pattern{};  ///< Of Regex.
};

/// Of a field of the head, or of a parameter of the query.
struct ValueMatch {
  std::string name{};   ///< Of a field: in lower case.
  std::string value{};  ///< Without a pattern: the whole value.
  std::shared_ptr<const base::Pattern> pattern{};
};

/// All of it must fit.
struct HttpMatch {
  PathMatch path{};
  std::string method{};  ///< Empty: each.
  std::vector<ValueMatch> headers{};
  std::vector<ValueMatch> queryParams{};
};

/// What a path becomes: as a whole, or the prefix of it that matched.
struct PathRewrite {
  bool prefixOnly = false;
  std::string value{};
};

struct UrlRewrite {
  std::string hostname{};  ///< Empty: as it came.
  std::optional<PathRewrite> path{};
};

/// Where clients are sent. Empty and absent parts are those of the request.
struct Redirect {
  std::string scheme{};
  std::string hostname{};
  std::optional<std::uint16_t> port{};
  std::optional<PathRewrite> path{};
  std::uint16_t status = 302;
};

struct DirectResponse {
  std::uint16_t status = 200;
  std::string contentType{};
  std::string body{};
};

/// Shares are of a million requests.
struct Fault {
  base::Duration delay{};
  std::uint32_t delayShare = 0;
  std::uint16_t abortStatus = 0;
  std::uint32_t abortShare = 0;
};

/// Requests of a while, over all workers, of which `burst` may come at once.
struct RateLimit {
  base::Duration interval{};  ///< Between two requests.
  std::uint32_t burst = 1;
};

/// What may be tried again, before a byte of a response has gone on.
struct Retry {
  std::uint32_t attemptsMax = 1;          ///< Beside the first.
  std::vector<std::uint16_t> statuses{};  ///< In order.
  bool onReset = false;                   ///< The endpoint ended the connection without a response.
  bool onTimeout = false;                 ///< An attempt took too long.
  bool anyMethod = false;                 ///< Also one that is not idempotent (RFC 9110 9.2.2).
  base::Duration backoffMin{};
  base::Duration backoffMax{};
};

struct HttpTimeouts {
  std::optional<base::Duration> request{};         ///< Of all attempts, to the end of the response.
  std::optional<base::Duration> backendRequest{};  ///< Of one.
  std::optional<base::Duration> responseHead{};    ///< From the end of the request to it.
};

struct HttpBackendRef {
  base::ClusterId clusterId{};
  std::uint32_t weight = 1;
  base::HeaderEdits requestHeaders{};  ///< Those of the rule among them.
  base::HeaderEdits responseHeaders{};
};

/// A copy of requests, whose response nobody gets.
struct RequestMirror {
  std::uint32_t share = 1'000'000;  ///< Of a million requests.
  base::Duration timeout{};         ///< From the end of the request to that of the response.
  HttpBackendRef backend{};         ///< Its weight means nothing.
};

struct HttpRule {
  base::RouteId id{};
  std::string name{};
  std::vector<std::string> hostnames{};  ///< In lower case, whole or behind "*."; empty: all.
  std::vector<HttpMatch> matches{};      ///< One of them; empty: all requests.
  std::optional<Redirect> redirect{};    ///< At most one of this and the next.
  std::optional<DirectResponse> directResponse{};
  std::optional<UrlRewrite> rewrite{};
  std::optional<Fault> fault{};
  std::optional<RateLimit> rateLimit{};
  std::optional<Retry> retry{};
  HttpTimeouts timeouts{};
  std::vector<RequestMirror> mirrors{};
  std::vector<HttpBackendRef> backendRefs{};  ///< None: 500, unless it is answered here.
};

}  // namespace weft::snapshot
