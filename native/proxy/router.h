// Router: the HTTP routes of a listener in one worker: the table that all workers share, and what
// this one remembers between requests: whose turn it is among backends, and how many requests came.
// Requests keep the router that they were routed by. One worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/local_ptr.h"
#include "proxy/backend_turns.h"
#include "proxy/rate_gate.h"
#include "proxy/route_table.h"
#include "snapshot/route.h"

namespace weft::proxy {

class Router final : public base::LocalShared {
 public:
  /// What `before` remembers of routes that stay goes on; it may be null.
  Router(std::shared_ptr<const RouteTable> table, const Router* before, std::uint32_t workerCount);

  [[nodiscard]] const RouteTable& table() const noexcept { return *table_; }

  /// Whose turn it is. REQUIRES: the rule has backends.
  [[nodiscard]] const snapshot::HttpBackendRef& nextBackend(std::uint32_t rule) noexcept;

  /// Zero: the rule's rate limit has room for the request. Otherwise for how long it has none.
  [[nodiscard]] base::Duration enter(std::uint32_t rule, base::TimePoint now) noexcept;

 private:
  struct RuleState {
    BackendTurns turns;
    RateGate gate;
  };

  std::shared_ptr<const RouteTable> table_;
  std::vector<RuleState> states_;  ///< By the index of the rule.
  std::uint32_t workerCount_;
};

/// What is to happen to a request. It stays as it was, whatever a reload brings.
struct Route {
  base::LocalPtr<Router> router;
  RouteMatch match;
  const snapshot::HttpBackendRef* backend = nullptr;  ///< None before it was chosen.

  [[nodiscard]] const snapshot::HttpRule* rule() const noexcept {
    return router ? &router->table().rules()[match.rule] : nullptr;
  }
};

}  // namespace weft::proxy
