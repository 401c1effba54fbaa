// Exchange: one request and its response: an endpoint is chosen, a connection to it is found or
// made, and bytes go both ways. It does not know which version of HTTP is at either end. What fails
// before a byte of the response came may go to another connection, and what its route says may be
// tried again. Owned by whoever brought the request, until release(); one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/header_edits.h"
#include "base/intrusive_list.h"
#include "base/result.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_writer.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "os/object_pool.h"
#include "proxy/connection_view.h"
#include "proxy/request_counters.h"
#include "proxy/router.h"
#include "snapshot/cluster.h"
#include "snapshot/listener.h"
#include "snapshot/route.h"
#include "telemetry/close_reason.h"
#include "transport/side.h"
#include "upstream/cluster_runtime.h"
#include "upstream/connector.h"
#include "upstream/context.h"
#include "upstream/http_client.h"
#include "upstream/response_sink.h"
#include "upstream/wait_queue.h"

namespace weft::proxy {

class Connections;
class Mirror;

/// Tag of the list that an exchange has of its copies.
struct MirrorsOfRequest;

/// Who brought the request and takes the response. Whatever is told may end in release().
class ExchangeDownstream : public upstream::ResponseSink {
 public:
  /// What was told is to go out. True: it waits, and resume() follows when it is out.
  [[nodiscard]] virtual bool flushResponse() noexcept = 0;

  /// The response is whole.
  virtual void onExchangeOver() noexcept = 0;

  /// There is no response, or no more of it.
  virtual void onExchangeFailed(telemetry::CloseReason reason, int sysErrno) noexcept = 0;

  /// The request's body is wanted, after a time in which it was not.
  virtual void onBodyWanted() noexcept = 0;

  /// What follows the response is no HTTP. Load and connection of the endpoint go with it.
  virtual void onTunnel(upstream::Detached detached) noexcept = 0;

  /// As ConnectorOwner.
  [[nodiscard]] virtual std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                                     base::MutableBytes into) noexcept = 0;

 protected:
  ~ExchangeDownstream() = default;
};

/// What is said beside what was said: lines of the request with what they take the place of, and
/// the cookie that the client is given.
struct Added {
  os::Buffer lines;
  codec::FieldBits replaced;
  std::string cookie;
};

class Exchange final : private upstream::HttpClientOwner,
                       private upstream::Waiter,
                       private os::Retired,
                       private os::Timer {
 public:
  struct Parts {
    upstream::ClusterRuntime* cluster = nullptr;
    snapshot::Direction direction = snapshot::Direction::Outbound;
    const base::Address* target = nullptr;  ///< In place of the endpoint's address.
    std::optional<std::uint64_t> key{};     ///< A hash of what the choice depends on.
    Route route{};                          ///< Without a rule: there is none.
    base::Duration delay{};                 ///< Before anything is sent.
    os::PoolPtr<Added> added{};             ///< What the proxy says for itself; may be null.

    /// It is a copy: nothing is sent before the request is whole, and nothing is counted.
    const snapshot::RequestMirror* mirror = nullptr;
  };

  /// Where a copy goes.
  struct MirrorTarget {
    upstream::ClusterRuntime& cluster;
    const snapshot::RequestMirror& settings;  ///< Of the rule of the request.
    std::optional<std::uint64_t> key{};
    std::string proxyHeader{};  ///< Of the PROXY protocol.
  };

  Exchange(Connections& connections, ExchangeDownstream& downstream, Parts&& parts) noexcept;
  ~Exchange() = default;

  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Nothing more is told; what is under way ends. It is freed at the end of the turn.
  void release() noexcept;

  // ---- the request ----

  /// Once. The head may have gone out, or waits for a connection.
  void start(const codec::H1Request& request) noexcept;

  /// Before start(): a copy goes there, too, unless there is no room for one.
  void addMirror(const codec::H1Request& request, MirrorTarget&& target) noexcept;

  /// Whether there is room for some of the body.
  [[nodiscard]] bool wantsBody() const noexcept {
    return client_ != nullptr && !client_->connecting() && !client_->blocked();
  }

  void requestBody(base::Bytes bytes) noexcept;

  /// Takes some of the body out of a socket without a copy, and says how much. 0: it is to be read.
  [[nodiscard]] std::size_t spliceBody(transport::Side& from, std::uint64_t bytesMax) noexcept;

  void requestEnd(const codec::H1Trailers& trailers) noexcept;

  /// What was told of the request goes out.
  void flush() noexcept;

  // ---- the response ----

  /// What was sent downstream is out: there is room for more.
  void resume() noexcept;

  /// There will be no response of the endpoint's: the downstream answers by itself.
  void giveUp(telemetry::CloseReason reason) noexcept;

  // ---- for counters and views ----

  [[nodiscard]] const upstream::Endpoint* endpoint() const noexcept { return endpoint_; }

  [[nodiscard]] upstream::ClusterRuntime& cluster() const noexcept { return cluster_; }

  [[nodiscard]] RequestState state() const noexcept;

  [[nodiscard]] const Route& route() const noexcept { return route_; }

  [[nodiscard]] std::uint32_t attemptCount() const noexcept { return attemptCount_; }

  [[nodiscard]] std::uint32_t retryCount() const noexcept { return retryCount_; }

  [[nodiscard]] std::uint32_t connectUs() const noexcept { return connectUs_; }

  /// That the client is given with the response; may be empty.
  [[nodiscard]] std::string_view cookie() const noexcept {
    return added_ == nullptr ? std::string_view() : added_->cookie;
  }

  /// What changes in the head of a response; null: nothing.
  [[nodiscard]] const base::HeaderEdits* responseEdits() const noexcept {
    return route_.backend == nullptr ? nullptr : &route_.backend->responseHeaders;
  }

 private:
  void onTimer() noexcept override;
  void onClientReady() noexcept override;
  void onClientFailed(const upstream::ClientFailure& failure) noexcept override;
  void onRequestTaken() noexcept override;
  void onInterim(std::string_view held, const codec::H1Head& head) noexcept override;
  void onResponseHead(std::string_view held, const codec::H1Head& head,
                      const codec::H1Framing& framing) noexcept override;
  void onResponseBody(base::Bytes bytes) noexcept override;
  [[nodiscard]] std::size_t spliceResponse(transport::Side& from,
                                           std::uint64_t bytesMax) noexcept override;
  void onResponseEnd(const codec::H1Trailers& trailers) noexcept override;
  void onResponseRead() noexcept override;
  void onClientDone() noexcept override;
  void onTunnel() noexcept override;
  [[nodiscard]] std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                             base::MutableBytes into) noexcept override;
  void dispose() noexcept override;

  void beginTimeouts() noexcept;
  void beginAttempt() noexcept;
  void awaitHead() noexcept;
  void armTimer() noexcept;
  void next(const codec::H1Request* request) noexcept;
  void sendAgain() noexcept;
  void goOn() noexcept;
  [[nodiscard]] std::optional<base::Error> choose() noexcept;
  [[nodiscard]] base::Result<upstream::Endpoint*> pick();
  [[nodiscard]] bool takeIdle() noexcept;
  [[nodiscard]] bool takesAnother(base::ErrorCode limit) noexcept;
  void queue(const base::Error& why) noexcept;
  [[nodiscard]] bool onTurn() noexcept override;
  void leaveQueue() noexcept;
  void failWithout(const base::Error& lack) noexcept;
  void begin(const codec::H1Request* request) noexcept;
  void send(codec::H1Request request) noexcept;
  [[nodiscard]] bool rewrite(codec::H1Request& request) noexcept;
  void sendKept() noexcept;
  void connect() noexcept;
  [[nodiscard]] bool keep(const codec::H1Request& request) noexcept;
  [[nodiscard]] bool replays(const upstream::ClientFailure& failure) noexcept;
  [[nodiscard]] bool mayRetry() noexcept;
  [[nodiscard]] bool retriesResponse(std::string_view held, const codec::H1Head& head) noexcept;
  void retryAfter(base::Duration delay) noexcept;
  void attemptTimedOut() noexcept;
  [[nodiscard]] bool copyAdded(Parts& parts) const noexcept;
  void mirrorBody(base::Bytes bytes) noexcept;
  void mirrorEnd() noexcept;
  void leaveMirrors() noexcept;
  void sendMirror() noexcept;
  void responded() noexcept;
  void noteTried() noexcept;
  void leaveEndpoint() noexcept;
  [[nodiscard]] RequestLabels labels() const noexcept;
  void countOnce() noexcept;
  void countRequest(std::size_t cell) noexcept;
  void countResponse(std::uint32_t status, bool whole) noexcept;
  void countBodies() noexcept;
  void fail(telemetry::CloseReason reason, int sysErrno) noexcept;
  void failWithoutMemory() noexcept;
  [[nodiscard]] upstream::Context& context() const noexcept;

  Connections& connections_;
  ExchangeDownstream& downstream_;
  upstream::ClusterRuntime& cluster_;
  upstream::Endpoint* endpoint_ = nullptr;
  upstream::HttpClient* client_ = nullptr;
  const base::Address* target_;
  std::optional<std::uint64_t> key_;
  os::Buffer kept_;  ///< The request as it came, with its body without framing, to be sent again.
  std::string keptHost_;
  std::uint32_t keptHeadBytes_ = 0;
  os::Buffer path_;  ///< As the route has it.
  Route route_;
  os::PoolPtr<Added> added_;                ///< May be null.
  const snapshot::Retry* retry_ = nullptr;  ///< Of the route.
  const snapshot::RequestMirror* mirror_;   ///< It is a copy.
  base::IntrusiveList<Mirror, MirrorsOfRequest> mirrors_;
  base::Duration delay_;
  base::TimePoint startedAt_{};
  base::TimePoint nextAt_ = base::TimePoint::max();     ///< Of the next attempt.
  base::TimePoint queueBy_ = base::TimePoint::max();    ///< A connection is to be there.
  base::TimePoint requestBy_ = base::TimePoint::max();  ///< The response is to be whole.
  base::TimePoint attemptBy_ = base::TimePoint::max();  ///< The same of this attempt.
  base::TimePoint headBy_ = base::TimePoint::max();     ///< Its head is to be here.
  base::TimePoint sentAt_{};
  std::array<base::EndpointId, upstream::Connector::kAttemptsMax> tried_{};
  std::uint32_t triedCount_ = 0;
  std::uint32_t failedConnects_ = 0;  ///< Of this attempt.
  std::uint32_t attemptCount_ = 0;    ///< Of connecting.
  std::uint32_t retryCount_ = 0;
  std::uint32_t connectUs_ = 0;
  std::uint16_t status_ = 0;  ///< Of the response.
  int lastErrno_ = 0;
  BodyBytes bodies_;  ///< Not counted yet.
  base::Error lack_;  ///< Of one that waits for a connection.
  telemetry::CloseReason lastReason_ = telemetry::CloseReason::NoEndpoint;  ///< Of a connect.
  snapshot::Direction direction_;
  bool idempotent_ = false;
  bool freshOnly_ = false;
  bool requestEnded_ = false;
  bool responseBegun_ = false;
  bool measured_ = false;
  bool counted_ = false;
};

}  // namespace weft::proxy
