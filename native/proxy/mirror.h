// Mirror: a copy of a request that goes to another cluster, and whose response nobody gets. It is
// sent when the request has come whole, behind it, and never makes it wait: where something is
// lacking, there is no copy. Bounded in size, number and time; counted by its cluster, and not as a
// request. Owned by itself; one worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/intrusive_list.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "os/loop.h"
#include "proxy/exchange.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"
#include "transport/side.h"
#include "upstream/cluster_runtime.h"
#include "upstream/http_client.h"

namespace weft::proxy {

class Connections;

class Mirror final : public base::ListNode<Mirror>,
                     public base::ListNode<MirrorsOfRequest>,
                     private ExchangeDownstream,
                     private os::Continuation,
                     private os::Retired {
 public:
  /// `proxyHeader`: of the PROXY protocol, where the cluster wants one.
  Mirror(Connections& connections, upstream::ClusterRuntime& cluster,
         std::string proxyHeader) noexcept;
  ~Mirror() = default;

  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  /// Once, with the head. REQUIRES: `parts` are of the same cluster, and say that this is a mirror.
  void start(const codec::H1Request& request, Exchange::Parts&& parts) noexcept;

  void requestBody(base::Bytes bytes) noexcept;

  /// It goes out in this turn, behind what is under way.
  void requestEnd() noexcept;

  /// The rest of the request will not come, or the proxy stops.
  void abandon() noexcept;

 private:
  /// A longer response is cut.
  static constexpr std::uint64_t kResponseBytesMax = std::uint64_t{64} * 1024;

  void onContinue() noexcept override;
  void dispose() noexcept override;

  void onInterim(std::string_view, const codec::H1Head&) noexcept override {}

  void onResponseHead(std::string_view held, const codec::H1Head& head,
                      const codec::H1Framing& framing) noexcept override;
  void onResponseBody(base::Bytes bytes) noexcept override;

  [[nodiscard]] std::size_t spliceResponse(transport::Side&, std::uint64_t) noexcept override {
    return 0;
  }

  void onResponseEnd(const codec::H1Trailers&) noexcept override {}

  [[nodiscard]] bool flushResponse() noexcept override { return false; }

  void onExchangeOver() noexcept override;
  void onExchangeFailed(telemetry::CloseReason reason, int sysErrno) noexcept override;

  void onBodyWanted() noexcept override {}

  void onTunnel(upstream::Detached detached) noexcept override;
  [[nodiscard]] std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                             base::MutableBytes into) noexcept override;

  void end(upstream::MirrorResult result) noexcept;
  [[nodiscard]] upstream::MirrorResult resultOfStatus() const noexcept;

  Connections& connections_;
  upstream::ClusterRuntime& cluster_;
  Exchange* exchange_ = nullptr;
  std::string proxyHeader_;
  std::uint64_t responseBytes_ = 0;
  std::uint32_t status_ = 0;
  snapshot::Direction direction_ = snapshot::Direction::Outbound;
  bool sent_ = false;
};

}  // namespace weft::proxy
