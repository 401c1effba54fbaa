// Copies of a request: those of an exchange to others, and the exchange that is one itself.
#include <string>
#include <utility>

#include "base/bytes.h"
#include "codec/h1_forward.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "proxy/connections.h"
#include "proxy/exchange.h"
#include "proxy/mirror.h"
#include "snapshot/route.h"
#include "upstream/cluster_runtime.h"
#include "upstream/context.h"
#include "upstream/http_memory.h"

namespace weft::proxy {

// ---- of the original ----

void Exchange::addMirror(const codec::H1Request& request, MirrorTarget&& target) noexcept {
  Parts parts{.cluster = &target.cluster,
              .direction = direction_,
              .key = target.key,
              .route = {.router = route_.router,
                        .match = route_.match,
                        .backend = &target.settings.backend},
              .mirror = &target.settings};
  Mirror* const mirror =
      copyAdded(parts) ? connections_.makeMirror(target.cluster, std::move(target.proxyHeader))
                       : nullptr;
  if (mirror == nullptr) {
    target.cluster.countMirror(upstream::MirrorResult::Skipped);
    return;
  }
  mirrors_.pushBack(*mirror);
  mirror->start(request, std::move(parts));
}

/// A copy says the same as the original. False when there is no memory.
bool Exchange::copyAdded(Parts& parts) const noexcept {
  if (added_ == nullptr || added_->lines.empty()) {
    return true;
  }
  parts.added = connections_.makeAdded();
  if (parts.added == nullptr ||
      !context().http.buffers.append(parts.added->lines, added_->lines.unread())) {
    return false;
  }
  parts.added->replaced = added_->replaced;
  return true;
}

void Exchange::mirrorBody(base::Bytes bytes) noexcept {
  for (Mirror* mirror = mirrors_.front(); mirror != nullptr;) {
    Mirror* const next = mirrors_.next(*mirror);
    mirror->requestBody(bytes);
    mirror = next;
  }
}

void Exchange::mirrorEnd() noexcept {
  while (Mirror* mirror = mirrors_.front()) {
    mirror->requestEnd();
  }
}

/// Those that are not whole never will be.
void Exchange::leaveMirrors() noexcept {
  while (Mirror* mirror = mirrors_.front()) {
    mirror->abandon();
  }
}

// ---- of the copy ----

/// The copy is whole.
void Exchange::sendMirror() noexcept {
  requestBy_ = context().loop.now() + mirror_->timeout;
  armTimer();
  sendAgain();
}

}  // namespace weft::proxy
