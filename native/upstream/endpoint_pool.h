// EndpointPool: the connections to one endpoint that wait for the next request, in one worker. The
// one that was used last goes first, so that those that are not needed grow old and close. Owned by
// the endpoint.
#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/intrusive_list.h"
#include "os/loop.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "upstream/http_client.h"

namespace weft::upstream {

class EndpointPool final : private os::Timer {
 public:
  explicit EndpointPool(os::Loop& loop) noexcept : loop_(loop) {}

  /// REQUIRES: closeAll().
  ~EndpointPool();

  EndpointPool(const EndpointPool&) = delete;
  EndpointPool& operator=(const EndpointPool&) = delete;

  /// A connection for a request that goes this way; null when none waits. `sure`: it is looked at
  /// once more whether the endpoint has closed it.
  [[nodiscard]] HttpClient* take(snapshot::Direction direction, const base::Address* target,
                                 bool sure) noexcept;

  /// False when it is to be closed instead.
  [[nodiscard]] bool give(HttpClient& client, const snapshot::HttpCluster& settings) noexcept;

  /// It is not to wait any more.
  void forget(HttpClient& client) noexcept;

  void closeAll() noexcept;

  /// False when there is none.
  bool closeOldest() noexcept;

  [[nodiscard]] bool empty() const noexcept { return idleCount_ == 0; }

  [[nodiscard]] std::uint32_t count() const noexcept { return idleCount_; }

 private:
  void onTimer() noexcept override;

  os::Loop& loop_;
  base::IntrusiveList<HttpClient, HttpClient> idle_;  ///< The oldest first.
  base::Duration idleTimeout_{};
  std::uint32_t idleCount_ = 0;
};

}  // namespace weft::upstream
