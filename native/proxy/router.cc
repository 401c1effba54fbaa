#include "proxy/router.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/ids.h"
#include "proxy/route_table.h"
#include "snapshot/route.h"

namespace weft::proxy {

Router::Router(std::shared_ptr<const RouteTable> table, const Router* before,
               std::uint32_t workerCount)
    : table_(std::move(table)), states_(table_->rules().size()), workerCount_(workerCount) {
  std::unordered_map<base::RouteId, std::size_t> known;
  if (before != nullptr) {
    for (std::size_t i = 0; i < before->states_.size(); ++i) {
      known.emplace(before->table_->rules()[i].id, i);
    }
  }
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const snapshot::HttpRule& rule = table_->rules()[i];
    if (const auto found = known.find(rule.id); found != known.end()) {
      states_[i] = before->states_[found->second];
    }
    states_[i].turns.reset(rule.backendRefs.size());
  }
}

const snapshot::HttpBackendRef& Router::nextBackend(std::uint32_t rule) noexcept {
  return states_[rule].turns.next(table_->rules()[rule].backendRefs);
}

base::Duration Router::enter(std::uint32_t rule, base::TimePoint now) noexcept {
  const auto& limit = table_->rules()[rule].rateLimit;
  if (!limit) {
    return base::Duration::zero();
  }
  // Workers share the limit out.
  const base::Duration interval = limit->interval * workerCount_;
  const std::uint32_t burst = std::max<std::uint32_t>(limit->burst / workerCount_, 1);
  return states_[rule].gate.enter(now, interval, interval * (burst - 1));
}

}  // namespace weft::proxy
