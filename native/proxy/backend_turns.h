// BackendTurns: whose turn it is among the backends of a route: smooth weighted turns, where every
// backend is owed its weight, and who is owed most pays for all. After as many turns as all weights
// together each has had exactly its share. One worker; allocates in reset() only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::proxy {

class BackendTurns {
 public:
  /// Goes on as it was where the number of backends stays.
  void reset(std::size_t count) {
    if (owed_.size() != count) {
      owed_.assign(count, 0);
    }
  }

  /// REQUIRES: as many backends as were named last, at least one.
  template <typename Backend>
  [[nodiscard]] const Backend& next(const std::vector<Backend>& backends) noexcept {
    std::size_t next = 0;
    std::int64_t total = 0;
    for (std::size_t i = 0; i < backends.size(); ++i) {
      owed_[i] += backends[i].weight;
      total += backends[i].weight;
      next = owed_[i] > owed_[next] ? i : next;
    }
    owed_[next] -= total;
    return backends[next];
  }

 private:
  std::vector<std::int64_t> owed_;
};

}  // namespace weft::proxy
