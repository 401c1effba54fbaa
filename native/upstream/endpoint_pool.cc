#include "upstream/endpoint_pool.h"

#include <cstdint>

#include "base/address.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "upstream/http_client.h"

namespace weft::upstream {

namespace {

/// Only those to an original destination differ in where they lead.
constexpr std::uint32_t kLookedAtMax = 64;

}  // namespace

EndpointPool::~EndpointPool() {
  WEFT_CHECK(idle_.empty());
}

HttpClient* EndpointPool::take(snapshot::Direction direction, const base::Address* target,
                               bool sure) noexcept {
  HttpClient* client = idle_.back();
  for (std::uint32_t looked = 0; client != nullptr && looked < kLookedAtMax; ++looked) {
    HttpClient* const older = idle_.previous(*client);
    if (client->fits(direction, target)) {
      if (!client->spoilt(sure)) {
        forget(*client);
        return client;
      }
      client->close(false);
    }
    client = older;
  }
  return nullptr;
}

bool EndpointPool::give(HttpClient& client, const snapshot::HttpCluster& settings) noexcept {
  if (idleCount_ >= settings.idleMax) {
    return false;
  }
  idleTimeout_ = settings.idleTimeout;
  idle_.pushBack(client);
  ++idleCount_;
  if (!armed()) {
    loop_.arm(*this, idleTimeout_);
  }
  return true;
}

void EndpointPool::forget(HttpClient& client) noexcept {
  static_cast<base::ListNode<HttpClient>&>(client).unlink();
  --idleCount_;
}

void EndpointPool::closeAll() noexcept {
  while (closeOldest()) {
  }
}

bool EndpointPool::closeOldest() noexcept {
  HttpClient* const client = idle_.front();
  if (client == nullptr) {
    return false;
  }
  client->close(false);
  return true;
}

void EndpointPool::onTimer() noexcept {
  const base::TimePoint now = loop_.now();
  while (HttpClient* client = idle_.front()) {
    if (now - client->idleSince() < idleTimeout_) {
      loop_.arm(*this, client->idleSince() + idleTimeout_ - now);
      return;
    }
    client->close(false);
  }
}

}  // namespace weft::upstream
