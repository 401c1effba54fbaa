// Where a request of a session goes: to the cluster of its connection or of its route, unless the
// proxy answers it itself.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/random.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_writer.h"
#include "codec/proxy_protocol.h"
#include "proxy/connection.h"
#include "proxy/connections.h"
#include "proxy/exchange.h"
#include "proxy/forwarded_headers.h"
#include "proxy/http_session.h"
#include "proxy/listener.h"
#include "proxy/local_reply.h"
#include "proxy/request_counters.h"
#include "proxy/request_key.h"
#include "proxy/rewrite.h"
#include "proxy/route_table.h"
#include "proxy/router.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "snapshot/route.h"
#include "telemetry/cell_table.h"
#include "telemetry/close_reason.h"
#include "upstream/cluster_runtime.h"

namespace weft::proxy {

using telemetry::CloseReason;

namespace {

constexpr std::uint32_t kWhole = 1'000'000;

/// What the target names counts instead of Host (RFC 9112 3.2.2).
std::string_view authorityOf(const codec::H1Request& request) noexcept {
  if (!request.target.authority.empty()) {
    return request.target.authority;
  }
  const codec::H1Fields fields = request.head.fieldsIn(request.held);
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (fields.at(index).name == codec::FieldName::Host) {
      return fields.value(index);
    }
  }
  return request.defaultHost;
}

std::uint32_t wholeSecondsUp(base::Duration duration) noexcept {
  return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

/// Finds the cluster. False: the request has been answered.
bool HttpSession::routed(const codec::H1Request& request, Exchange::Parts& parts) noexcept {
  Listener& listener = connection_.listener();
  parts.cluster = &connection_.cluster();
  if (log_ != nullptr) {
    log_->begin(request, authorityOf(request), listener.settings().http.requestId,
                context().loop().now());
  }
  if (!connection_.connections().admitsRequest()) {
    answer({.status = localStatus(CloseReason::LoadShed), .reason = CloseReason::LoadShed},
           parts.route);
    return false;
  }
  if (!listener.router()) {
    return true;
  }
  Route& route = parts.route;
  const auto match = listener.router()->table().match(
      {.method = request.head.method.in(request.held),
       .authority = authorityOf(request),
       .path = request.target.slashLacks ? std::string_view("/") : request.target.path,
       .fields = request.head.fieldsIn(request.held)});
  if (!match) {
    if (listener.settings().httpUnrouted == snapshot::Unrouted::Forward) {
      return true;
    }
    answer({.status = localStatus(CloseReason::NoRoute), .reason = CloseReason::NoRoute}, route);
    return false;
  }
  route.router = listener.router();
  route.match = *match;
  if (log_ != nullptr) {
    log_->setRoute(route.rule()->id);
  }
  if (answered(request, route) || faulted(parts)) {
    return false;
  }
  route.backend = &route.router->nextBackend(match->rule);
  parts.cluster = listener.clusterOf(route.backend->clusterId);
  if (parts.cluster == nullptr) {
    answer({.status = localStatus(CloseReason::NoBackend), .reason = CloseReason::NoBackend},
           route);
    return false;
  }
  return true;
}

/// What else the exchange needs. False when there is no memory.
bool HttpSession::prepare(const codec::H1Request& request, Exchange::Parts& parts) noexcept {
  const snapshot::Cluster& settings = parts.cluster->settings();
  clusterId_ = settings.id;
  if (log_ != nullptr) {
    log_->setCluster(clusterId_);
  }
  parts.target = settings.originalDst ? connection_.target() : nullptr;
  parts.direction = connection_.direction();
  const snapshot::Balancer& balancer = settings.balancer;
  parts.key = keyFor(request, balancer);
  const bool lacksCookie = snapshot::needsKey(balancer.type) && !parts.key.has_value() &&
                           balancer.key.type == snapshot::HashKeyType::Cookie;
  const bool adds = connection_.listener().settings().http.adds();
  if (!lacksCookie && !adds) {
    return true;
  }
  parts.added = connection_.connections().makeAdded();
  if (parts.added == nullptr) {
    return false;
  }
  if (lacksCookie) {
    giveCookie(balancer.key, parts);
  }
  return !adds || addLines(request, *parts.added);
}

/// What the choice of an endpoint depends on.
std::optional<std::uint64_t> HttpSession::keyFor(
    const codec::H1Request& request, const snapshot::Balancer& balancer) const noexcept {
  const std::optional<std::uint64_t> source = connection_.sourceKey();
  return snapshot::needsKey(balancer.type)
             ? requestKey(balancer.key, request.head.fieldsIn(request.held), request.target.path,
                          source)
             : source;
}

void HttpSession::giveCookie(const snapshot::HashKey& wanted, Exchange::Parts& parts) noexcept {
  const std::string value = std::to_string(context().upstream.random.next());
  parts.key = base::hashOfText(value);
  parts.added->cookie = wanted.name + '=' + value + "; Path=/; HttpOnly";
  if (const auto maxAge = wanted.cookieMaxAge) {
    parts.added->cookie += "; Max-Age=" + std::to_string(wholeSecondsUp(*maxAge));
  }
}

bool HttpSession::addLines(const codec::H1Request& request, Added& added) noexcept {
  const snapshot::HttpListener& settings = connection_.listener().settings().http;
  const base::Address client = connection_.source();
  const ForwardedFacts facts{.client = client,
                             .host = authorityOf(request),
                             .fields = request.head.fieldsIn(request.held),
                             .secured = connection_.downstream().secured};
  const base::MutableBytes room =
      context().buffers.room(added.lines, addedBytesMax(settings, facts));
  if (room.empty()) {
    return false;
  }
  codec::H1Writer writer(room);
  const bool idGiven =
      writeAdded(settings, facts, context().upstream.random, writer, added.replaced);
  added.lines.added(writer.size());
  if (idGiven && log_ != nullptr) {
    log_->setRequestId(lastIdOf(base::textOf(added.lines.unread())));
  }
  if (writer.size() == 0) {
    added.lines.release();
  }
  return !writer.overflowed();
}

/// Copies for others, as the rule says.
void HttpSession::mirror(const codec::H1Request& request) noexcept {
  const snapshot::HttpRule* const rule = exchange_->route().rule();
  if (rule == nullptr || rule->mirrors.empty() || codec::forwardsUpgrade(request) ||
      codec::h1MethodOf(request.head.method.in(request.held)) == codec::H1Method::Connect) {
    return;
  }
  for (const snapshot::RequestMirror& wanted : rule->mirrors) {
    upstream::ClusterRuntime* const cluster =
        connection_.listener().clusterOf(wanted.backend.clusterId);
    if (cluster == nullptr || cluster->settings().originalDst ||
        context().upstream.random.below(kWhole) >= wanted.share) {
      continue;
    }
    Exchange::MirrorTarget target{.cluster = *cluster,
                                  .settings = wanted,
                                  .key = keyFor(request, cluster->settings().balancer)};
    if (const auto version = cluster->settings().proxyProtocol) {
      std::array<std::byte, codec::kProxyHeaderBytesMax> header;
      const std::size_t size = connection_.writeProxyHeader(*version, header);
      target.proxyHeader = base::textOf(base::Bytes(header).first(size));
    }
    exchange_->addMirror(request, std::move(target));
  }
}

/// Whether the rule says what the answer is, without a backend.
bool HttpSession::answered(const codec::H1Request& request, const Route& route) noexcept {
  const snapshot::HttpRule& rule = *route.rule();
  const base::Duration wait = route.router->enter(route.match.rule, context().loop().now());
  if (wait > base::Duration::zero()) {
    answer({.status = localStatus(CloseReason::RateLimited),
            .reason = CloseReason::RateLimited,
            .retryAfterS = wholeSecondsUp(wait)},
           route);
  } else if (rule.redirect) {
    const std::string location = redirectLocation(
        *rule.redirect, connection_.downstream().secured ? "https" : "http", authorityOf(request),
        request.target.path, route.router->table().prefixBytes(route.match));
    answer({.status = rule.redirect->status, .location = location, .body = std::string_view()},
           route);
  } else if (rule.directResponse) {
    answer({.status = rule.directResponse->status,
            .contentType = rule.directResponse->contentType,
            .body = rule.directResponse->body},
           route);
  } else if (rule.backendRefs.empty()) {
    answer({.status = localStatus(CloseReason::NoBackend), .reason = CloseReason::NoBackend},
           route);
  } else {
    return false;
  }
  return true;
}

/// Whether a failure was asked for in place of an answer; it may also only come later.
bool HttpSession::faulted(Exchange::Parts& parts) noexcept {
  const auto& fault = parts.route.rule()->fault;
  if (!fault) {
    return false;
  }
  base::Random& random = context().upstream.random;
  if (random.below(kWhole) < fault->delayShare) {
    parts.delay = fault->delay;
  }
  if (random.below(kWhole) >= fault->abortShare) {
    return false;
  }
  answer({.status = fault->abortStatus, .reason = CloseReason::FaultInjected}, parts.route);
  return true;
}

/// Counts as a request, and as the response to it.
void HttpSession::answer(const LocalReply& own, const Route& route) noexcept {
  telemetry::CellTable& cellTable = context().upstream.cellTable;
  const RequestLabels labels{.direction = connection_.direction(),
                             .route = route.rule() == nullptr ? base::RouteId{} : route.rule()->id};
  countRequest(cellTable, labels, telemetry::HttpRequestCell::kRequests);
  countResponse(cellTable, labels, own.status, true, base::Duration::zero(),
                {.response = own.body.value_or(std::string_view()).size()});
  reply(own);
}

}  // namespace weft::proxy
