// HttpSession: the life of a downstream connection that carries HTTP/1.1: one request after the
// other, each an exchange of its own, answered in order: head -> body -> response -> head ... ->
// lingering -> ended. What comes before it is its turn waits in the kernel, or in a buffer when it
// was read already. Owned by its connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_fault.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "proxy/context.h"
#include "proxy/exchange.h"
#include "proxy/local_reply.h"
#include "proxy/request_log.h"
#include "proxy/router.h"
#include "proxy/session.h"
#include "snapshot/cluster.h"
#include "transport/outbox.h"
#include "transport/side.h"
#include "upstream/head_intake.h"
#include "upstream/http_client.h"

namespace weft::proxy {

class Connection;
class Connections;

class HttpSession final : public Session,
                          private ExchangeDownstream,
                          private os::Continuation,
                          private os::Retired {
 public:
  explicit HttpSession(Connection& connection) noexcept;
  ~HttpSession() override;

  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  /// Bytes of downstream that were read already; before start().
  void preload(os::Buffer bytes) noexcept;

  void start() noexcept override;
  void onDownstreamReady() noexcept override;
  void onTimer() noexcept override;
  void abort(telemetry::CloseReason reason) noexcept override;
  void drain() noexcept override;
  [[nodiscard]] bool endpointRemovedBy(base::TimePoint time) const noexcept override;
  void describe(ConnectionView& view) const override;
  void dispose() noexcept override;

 private:
  /// What is next of downstream.
  enum class State : std::uint8_t {
    Head,
    Body,
    Response,   ///< The request is whole.
    Lingering,  ///< Our half has ended; what still comes is not looked at.
    Ended,
  };

  void onContinue() noexcept override { run(); }

  // From the exchange.
  void onInterim(std::string_view held, const codec::H1Head& head) noexcept override;
  void onResponseHead(std::string_view held, const codec::H1Head& head,
                      const codec::H1Framing& framing) noexcept override;
  void onResponseBody(base::Bytes bytes) noexcept override;
  [[nodiscard]] std::size_t spliceResponse(transport::Side& from,
                                           std::uint64_t bytesMax) noexcept override;
  void onResponseEnd(const codec::H1Trailers& trailers) noexcept override;
  [[nodiscard]] bool flushResponse() noexcept override;
  void onExchangeOver() noexcept override;
  void onExchangeFailed(telemetry::CloseReason reason, int sysErrno) noexcept override;

  void onBodyWanted() noexcept override { run(); }

  void onTunnel(upstream::Detached detached) noexcept override;
  [[nodiscard]] std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                             base::MutableBytes into) noexcept override;

  void run() noexcept;
  [[nodiscard]] bool advance() noexcept;
  [[nodiscard]] bool advanceHead() noexcept;
  [[nodiscard]] bool advanceBody() noexcept;
  [[nodiscard]] bool advanceResponse() noexcept;
  [[nodiscard]] bool advanceLingering() noexcept;
  [[nodiscard]] bool readAhead() noexcept;
  [[nodiscard]] bool spliceBody() noexcept;
  [[nodiscard]] bool take() noexcept;
  void readEnded() noexcept;
  void feed(base::Bytes bytes, bool buffered) noexcept;
  [[nodiscard]] std::size_t feedHead(std::string_view held) noexcept;
  void startExchange(std::string_view held, const codec::H1Head& head) noexcept;
  [[nodiscard]] bool routed(const codec::H1Request& request, Exchange::Parts& parts) noexcept;
  [[nodiscard]] bool answered(const codec::H1Request& request, const Route& route) noexcept;
  [[nodiscard]] bool prepare(const codec::H1Request& request, Exchange::Parts& parts) noexcept;
  [[nodiscard]] std::optional<std::uint64_t> keyFor(
      const codec::H1Request& request, const snapshot::Balancer& balancer) const noexcept;
  void giveCookie(const snapshot::HashKey& wanted, Exchange::Parts& parts) noexcept;
  [[nodiscard]] bool addLines(const codec::H1Request& request, Added& added) noexcept;
  void mirror(const codec::H1Request& request) noexcept;
  [[nodiscard]] bool faulted(Exchange::Parts& parts) noexcept;

  void countBody(std::size_t count) noexcept {
    if (log_ != nullptr) {
      log_->addRequestBytes(count);
    }
  }

  void beginBody(const codec::H1Framing& framing) noexcept;
  [[nodiscard]] std::size_t feedBody(std::string_view held) noexcept;
  [[nodiscard]] std::size_t feedChunks(std::string_view held) noexcept;
  void requestOver(const codec::H1Trailers& trailers) noexcept;
  void refuse(codec::H1Fault fault) noexcept;
  void reply(std::uint16_t status, telemetry::CloseReason reason) noexcept;
  void reply(LocalReply own) noexcept;
  void answer(const LocalReply& own, const Route& route) noexcept;
  void sendHead(const codec::H1Response& response) noexcept;
  void noteEndpoint() noexcept;
  void finishExchange() noexcept;
  [[nodiscard]] bool canDropBody() const noexcept;
  void idle() noexcept;
  void timedOut(telemetry::CloseReason reason) noexcept;
  void releaseExchange() noexcept;
  void logRequest(telemetry::CloseReason reason) noexcept;
  void closeInOrder() noexcept;
  void flush() noexcept;
  void wrote(const transport::Outbox::Flushed& flushed) noexcept;

  void lostDownstream(int sysErrno) noexcept;
  void cut(telemetry::CloseReason reason) noexcept;
  void end(telemetry::CloseReason reason) noexcept;
  void armTimer() noexcept;
  [[nodiscard]] base::TimePoint nextDeadline() const noexcept;
  [[nodiscard]] Context& context() const noexcept;
  [[nodiscard]] transport::Side& downstream() const noexcept;

  Connection& connection_;
  Exchange* exchange_ = nullptr;
  transport::Outbox out_;
  os::Buffer in_;  ///< Read, and not yet taken.
  upstream::HeadIntake intake_;
  codec::H1ChunkReader chunks_{codec::H1Limits{}};
  std::uint64_t bodyLeft_ = 0;
  std::uint64_t readBytes_ = 0;
  std::size_t turnBytes_ = 0;  ///< Read by the present run.
  std::uint64_t writtenBytes_ = 0;
  std::uint64_t requestCount_ = 0;
  base::TimePoint lastActive_;
  base::TimePoint headSince_{};  ///< The first byte of a head that is not whole.
  std::unique_ptr<const base::Address> upstreamAddress_;  ///< For the access log only.
  std::unique_ptr<RequestLog> log_;                       ///< The same.
  base::ClusterId clusterId_;
  base::EndpointId endpointId_;
  int downstreamErrno_ = 0;
  int upstreamErrno_ = 0;
  std::uint32_t connectUs_ = 0;
  std::uint32_t attemptCount_ = 0;
  State state_ = State::Head;
  codec::H1Body requestBody_ = codec::H1Body::None;
  std::uint8_t minorVersion_ = 1;
  telemetry::CloseReason reason_ = telemetry::CloseReason::Finished;
  telemetry::CloseReason replyReason_ = telemetry::CloseReason::Finished;  ///< Of a request.
  bool keepAlive_ = true;
  bool wantsJson_ = false;
  bool bodyless_ = false;  ///< The request was HEAD.
  bool responseChunked_ = false;
  bool responseBegun_ = false;
  bool exchangeOver_ = false;
  bool requestWhole_ = true;
  bool incomplete_ = false;  ///< What is held is not enough for a step.
  bool closing_ = false;
  bool halfEnded_ = false;  ///< Ours; of Lingering.
  bool lingers_ = false;    ///< Until theirs has ended, too.
  bool draining_ = false;
  bool running_ = false;
  bool responseWaits_ = false;
  bool expectsContinue_ = false;
};

using HttpSessionPtr = std::unique_ptr<HttpSession, SessionDispose>;

static_assert(sizeof(HttpSession) <= 384);

}  // namespace weft::proxy
