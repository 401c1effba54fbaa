#include "http_watch.h"

#include <algorithm>
#include <chrono>

#include "ledger.h"
#include "telemetry/cell_table.h"
#include "upstream/cluster_runtime.h"

namespace weft::simulation {

namespace {

using std::chrono::seconds;
using telemetry::ClusterCell;
using telemetry::HttpRequestCell;
using telemetry::HttpResponseCell;
using telemetry::RunKind;

constexpr base::ClusterId kCluster{1};
constexpr std::uint32_t kNobody = base::EndpointId::kNone;

/// docs/traffic.md: over ten seconds, which are counted by whole ones. Whatever lies in nine
/// seconds was granted within ten.
constexpr base::Duration kWindowOfRetries = seconds(9);
constexpr base::Duration kWindowOfRequests = seconds(10);
constexpr std::uint64_t kSecondsOfMinimum = 10;

}  // namespace

void HttpWatch::fail(const std::string& text) {
  if (problem_.empty()) {
    problem_ = text;
  }
}

// ---- looking ----

const HttpWatch::Routes& HttpWatch::requestCells(std::size_t worker, std::uint32_t endpoint) {
  const auto [found, fresh] = cells_.try_emplace({worker, endpoint});
  for (std::uint32_t route = 1; fresh && route <= HttpScenario::kRouteCount; ++route) {
    found->second.at(route - 1) =
        world_.proxy.run(worker, {.kind = RunKind::HttpRequest,
                                  .ids = {static_cast<std::uint32_t>(snapshot::Direction::Outbound),
                                          kCluster.number, endpoint, 0, route}});
  }
  return found->second;
}

/// Over all endpoints that there ever were, and for none.
std::uint64_t HttpWatch::sumOf(std::size_t worker, std::uint32_t route, std::size_t cell) {
  std::uint64_t sum = requestCells(worker, kNobody).at(route - 1).get(cell);
  for (const auto& [key, routes] : cells_) {
    sum += key.first == worker && key.second != kNobody ? routes.at(route - 1).get(cell) : 0;
  }
  return sum;
}

HttpWatch::View HttpWatch::look() {
  View view(world_.proxy.workerCount());
  for (std::size_t index = 0; index < view.size(); ++index) {
    const upstream::ClusterRuntime& cluster = *world_.proxy.worker(index).cluster(kCluster);
    WorkerView& worker = view[index];
    worker.panic = cluster.inPanic();
    for (const auto& [id, endpoint] : cluster.endpoints()) {
      if (endpoint->removed) {
        continue;
      }
      EndpointView& seen = worker.endpoints[id.number];
      seen.excluded = endpoint->excluded();
      seen.ejected = endpoint->ejected;
      seen.failing = endpoint->failing;
      seen.usable = endpoint->usable();
      seen.load = endpoint->loadNow;
      for (const telemetry::Cells& cells : requestCells(index, id.number)) {
        seen.requests += cells.get(HttpRequestCell::kRequests);
      }
      worker.ejected += seen.ejected ? 1 : 0;
    }
  }
  return view;
}

void HttpWatch::before() {
  before_ = look();
}

void HttpWatch::after() {
  after_ = look();
  for (std::size_t worker = 0; worker < after_.size(); ++worker) {
    checkPicks(worker);
    checkEjection(worker);
    checkBudget(worker);
  }
}

std::uint64_t HttpWatch::requestsOf(std::uint32_t endpoint) {
  std::uint64_t sum = 0;
  for (const WorkerView& worker : look()) {
    const auto found = worker.endpoints.find(endpoint);
    sum += found == worker.endpoints.end() ? 0 : found->second.requests;
  }
  return sum;
}

std::uint64_t HttpWatch::ejections() {
  std::uint64_t sum = 0;
  for (std::size_t worker = 0; worker < world_.proxy.workerCount(); ++worker) {
    const telemetry::Cells cells =
        world_.proxy.run(worker, {.kind = RunKind::Cluster, .ids = {kCluster.number, 0, 0, 0, 0}});
    sum += cells.get(ClusterCell::kEjectionsByServerErrors) +
           cells.get(ClusterCell::kEjectionsBySuccessRate) +
           cells.get(ClusterCell::kEjectionsByFailures);
  }
  return sum;
}

bool HttpWatch::allUsable() {
  return std::ranges::all_of(look(), [](const WorkerView& worker) {
    return !worker.panic && std::ranges::all_of(worker.endpoints, [](const auto& one) {
      return one.second.usable && !one.second.excluded;
    });
  });
}

std::uint32_t HttpWatch::loadNow() {
  std::uint32_t sum = 0;
  for (std::size_t index = 0; index < world_.proxy.workerCount(); ++index) {
    for (const auto& [id, endpoint] : world_.proxy.worker(index).cluster(kCluster)->endpoints()) {
      sum += endpoint->loadNow + endpoint->connectionsNow;
    }
  }
  return sum;
}

HttpWatch::Totals HttpWatch::totals() {
  Totals totals;
  for (std::size_t worker = 0; worker < world_.proxy.workerCount(); ++worker) {
    for (std::uint32_t route = 1; route <= HttpScenario::kRouteCount; ++route) {
      totals.requests += sumOf(worker, route, HttpRequestCell::kRequests);
      totals.replays += sumOf(worker, route, HttpRequestCell::kReplays);
      totals.denied += sumOf(worker, route, HttpRequestCell::kRetriesDenied);
      (route == HttpScenario::kRetriedRoute ? totals.retries : totals.unsafeRetries) +=
          sumOf(worker, route, HttpRequestCell::kRetries);
    }
    for (const auto& [key, _] : cells_) {
      for (const int status : {200, 500, 502, Ledger::kRetryStatus, 504}) {
        for (std::uint32_t route = 1; key.first == worker && route <= HttpScenario::kRouteCount;
             ++route) {
          const telemetry::Cells cells = world_.proxy.run(
              worker,
              {.kind = RunKind::HttpResponse,
               .ids = {static_cast<std::uint32_t>(snapshot::Direction::Outbound), kCluster.number,
                       key.second, static_cast<std::uint32_t>(status), route}});
          totals.responses[status] +=
              cells.get(HttpResponseCell::kSuccesses) + cells.get(HttpResponseCell::kFailures);
        }
      }
    }
  }
  return totals;
}

// ---- picks and ejection ----

void HttpWatch::checkPicks(std::size_t worker) {
  const WorkerView& was = before_[worker];
  const WorkerView& is = after_[worker];
  for (const auto& [number, now] : is.endpoints) {
    const auto then = was.endpoints.find(number);
    const bool picked = then != was.endpoints.end() &&
                        (now.load > then->second.load || now.requests > then->second.requests);
    if (picked && then->second.excluded && now.excluded && !was.panic && !is.panic) {
      fail("worker " + std::to_string(worker) + " sent a request to endpoint " +
           std::to_string(number) + ", which it has ejected or knows as unhealthy");
    }
  }
}

/// That clients were answered with, or that were not passed on but tried again.
std::uint64_t HttpWatch::errorsOf(std::size_t worker, std::uint32_t endpoint) {
  std::uint64_t errors = 0;
  for (std::uint32_t route = 1; route <= HttpScenario::kRouteCount; ++route) {
    errors += requestCells(worker, endpoint).at(route - 1).get(HttpRequestCell::kRetries);
    for (const std::uint32_t status : {500U, std::uint32_t{Ledger::kRetryStatus}}) {
      errors += world_.proxy
                    .run(worker, {.kind = RunKind::HttpResponse,
                                  .ids = {static_cast<std::uint32_t>(snapshot::Direction::Outbound),
                                          kCluster.number, endpoint, status, route}})
                    .get(HttpResponseCell::kFailures);
    }
  }
  return errors;
}

void HttpWatch::checkEjection(std::size_t worker) {
  const auto& ejection = world_.config.cluster(1).ejection;
  if (!ejection) {
    return;
  }
  const WorkerView& is = after_[worker];
  const std::size_t share = is.endpoints.size() * ejection->sharePercentMax / 100;
  if (is.ejected > std::max<std::size_t>(share, 1)) {
    fail("worker " + std::to_string(worker) + " has ejected " + std::to_string(is.ejected) +
         " endpoints");
  }
  const auto errs = is.endpoints.find(errs_);
  if (errs == is.endpoints.end() || !ejection->consecutiveServerErrors) {
    return;
  }
  const std::uint64_t errors = errorsOf(worker, errs_);
  if (errs->second.failing) {
    errorsForgiven_[worker] = errors;
  } else if (errors - errorsForgiven_[worker] > *ejection->consecutiveServerErrors) {
    fail("worker " + std::to_string(worker) + " has got " +
         std::to_string(errors - errorsForgiven_[worker]) +
         " errors in a row of an endpoint that it did not eject");
  }
}

// ---- the budget of retries ----

void HttpWatch::Recent::add(base::TimePoint now, std::uint64_t totalNow) {
  if (totalNow > total) {
    events.push_back({.at = now, .count = totalNow - total});
    total = totalNow;
  }
  while (!events.empty() && events.front().at <= now - kWindowOfRequests) {
    events.pop_front();
  }
}

std::uint64_t HttpWatch::Recent::since(base::TimePoint time) const {
  std::uint64_t sum = 0;
  for (const Event& event : events) {
    sum += event.at > time ? event.count : 0;
  }
  return sum;
}

void HttpWatch::checkBudget(std::size_t worker) {
  const base::TimePoint now = world_.clock.now();
  Budget& budget = budgets_[worker];
  const std::uint64_t retriesBefore = budget.retries.total;
  budget.requests.add(now, sumOf(worker, HttpScenario::kRetriedRoute, HttpRequestCell::kRequests));
  budget.retries.add(now, sumOf(worker, HttpScenario::kRetriedRoute, HttpRequestCell::kRetries));
  if (budget.retries.total == retriesBefore) {
    return;
  }
  const snapshot::HttpCluster& settings = world_.config.cluster(1).http;
  const std::uint64_t allowed =
      budget.requests.since(now - kWindowOfRequests) * settings.retrySharePercent / 100 +
      kSecondsOfMinimum * settings.retriesPerSecondMin;
  const std::uint64_t retries = budget.retries.since(now - kWindowOfRetries);
  if (retries > allowed) {
    fail("worker " + std::to_string(worker) + " has tried " + std::to_string(retries) +
         " requests again, more than " + std::to_string(allowed));
  }
}

}  // namespace weft::simulation
