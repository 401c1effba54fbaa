#include "proxy/mirror.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/intrusive_list.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "os/loop.h"
#include "proxy/connections.h"
#include "proxy/exchange.h"
#include "proxy/request_counters.h"
#include "snapshot/cluster.h"
#include "telemetry/close_reason.h"
#include "upstream/cluster_runtime.h"
#include "upstream/http_client.h"

namespace weft::proxy {

using telemetry::CloseReason;
using upstream::MirrorResult;

Mirror::Mirror(Connections& connections, upstream::ClusterRuntime& cluster,
               std::string proxyHeader) noexcept
    : connections_(connections), cluster_(cluster), proxyHeader_(std::move(proxyHeader)) {}

// ---- the request ----

void Mirror::start(const codec::H1Request& request, Exchange::Parts&& parts) noexcept {
  WEFT_ASSERT(parts.cluster == &cluster_ && parts.mirror != nullptr);
  direction_ = parts.direction;
  exchange_ = connections_.makeExchange(*this, std::move(parts));
  if (exchange_ == nullptr) {
    end(MirrorResult::Skipped);
    return;
  }
  exchange_->start(request);
  if (exchange_ != nullptr && request.framing.body == codec::H1Body::None) {
    requestEnd();
  }
}

void Mirror::requestBody(base::Bytes bytes) noexcept {
  exchange_->requestBody(bytes);
}

void Mirror::requestEnd() noexcept {
  base::ListNode<MirrorsOfRequest>::unlink();
  connections_.context().loop().continueLater(*this);
}

void Mirror::onContinue() noexcept {
  sent_ = true;
  exchange_->requestEnd({});
}

// ---- the response ----

void Mirror::onResponseHead(std::string_view, const codec::H1Head& head,
                            const codec::H1Framing&) noexcept {
  status_ = head.status;
}

void Mirror::onResponseBody(base::Bytes bytes) noexcept {
  responseBytes_ += bytes.size();
  if (responseBytes_ > kResponseBytesMax) {
    end(resultOfStatus());
  }
}

void Mirror::onExchangeOver() noexcept {
  end(resultOfStatus());
}

void Mirror::onExchangeFailed(CloseReason, int) noexcept {
  abandon();
}

void Mirror::onTunnel(upstream::Detached detached) noexcept {
  upstream::discard(std::move(detached), cluster_, direction_);
  end(MirrorResult::Failure);
}

std::size_t Mirror::writeProxyHeader(snapshot::ProxyVersion, base::MutableBytes into) noexcept {
  const base::Bytes header = base::bytesOf(proxyHeader_);
  if (header.size() > into.size()) {
    return 0;
  }
  std::ranges::copy(header, into.begin());
  return header.size();
}

MirrorResult Mirror::resultOfStatus() const noexcept {
  return isServerError(status_) ? MirrorResult::Failure : MirrorResult::Success;
}

// ---- ending ----

void Mirror::abandon() noexcept {
  end(sent_ ? MirrorResult::Failure : MirrorResult::Skipped);
}

void Mirror::end(MirrorResult result) noexcept {
  cluster_.countMirror(result);
  base::ListNode<Mirror>::unlink();
  base::ListNode<MirrorsOfRequest>::unlink();
  base::ListNode<os::Continuation>::unlink();
  if (Exchange* exchange = std::exchange(exchange_, nullptr)) {
    exchange->release();
  }
  connections_.context().loop().retire(*this);
}

void Mirror::dispose() noexcept {
  connections_.freeMirror(*this);
}

}  // namespace weft::proxy
