// TcpSession: opaque bytes both ways: connecting -> open -> flushing -> ended. Each direction ends
// by itself; a reset on one side becomes a reset on the other, after what came before it. Owned by
// its connection.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/address.h"
#include "base/clock.h"
#include "os/loop.h"
#include "os/object_pool.h"
#include "proxy/pump.h"
#include "proxy/session.h"
#include "transport/side.h"
#include "upstream/connector.h"

namespace weft::proxy {

class Connection;
class Connections;

/// A connection to an endpoint that was opened before it was known what it would carry.
struct EarlyUpstream {
  transport::Side side;
  os::Buffer read;         ///< What came from it already.
  bool readEnded = false;  ///< And its end behind that.
  upstream::Endpoint* endpoint = nullptr;
  base::TimePoint since{};  ///< It is open.
  std::uint32_t connectUs = 0;
  std::uint8_t attemptCount = 0;
};

class TcpSession final : public Session,
                         public os::Pollable,
                         public upstream::ConnectorOwner,
                         private os::Continuation {
 public:
  TcpSession(Connection& connection, upstream::ClusterRuntime& cluster,
             snapshot::Protocol protocol) noexcept;
  ~TcpSession() override;

  TcpSession(const TcpSession&) = delete;
  TcpSession& operator=(const TcpSession&) = delete;

  // ---- what came before the session; before start() ----

  /// Bytes of downstream that were read already; `ended`: and its end behind them.
  void preload(os::Buffer bytes, bool ended) noexcept { up_.preload(std::move(bytes), ended); }

  /// The same of a copy of bytes; false when there is no memory for it.
  [[nodiscard]] bool preload(os::BufferPool& buffers, base::Bytes bytes) noexcept {
    return up_.preload(buffers, bytes);
  }

  /// A connection to the cluster that is being made.
  void adopt(os::PoolPtr<upstream::Connector> connector) noexcept;

  /// A connection to the cluster that is open.
  void adopt(EarlyUpstream early) noexcept;

  void start() noexcept override;
  void onDownstreamReady() noexcept override;
  void onTimer() noexcept override;
  void abort(telemetry::CloseReason reason) noexcept override;
  [[nodiscard]] bool endpointRemovedBy(base::TimePoint time) const noexcept override;
  void describe(ConnectionView& view) const override;
  void dispose() noexcept override;

 private:
  enum class State : std::uint8_t { Connecting, Open, Flushing, Ended };

  /// Which way bytes go.
  enum class Way : std::uint8_t { Up, Down };

  // From the poller, for the upstream descriptor.
  void onReady(os::Ready ready) noexcept override;

  // From the connector.
  void onConnected(upstream::Connected connected) noexcept override;
  void onConnectFailed(const base::Error& error, std::uint32_t attemptCount) noexcept override;
  [[nodiscard]] std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                             base::MutableBytes into) noexcept override;

  void onContinue() noexcept override { run(); }

  void opened() noexcept;
  void watchForEarlyClose(base::TimePoint since) noexcept;
  void run() noexcept;
  void runWay(Way way) noexcept;
  void afterRun(transport::Side& side, Way way) noexcept;
  void readFailed(Way way, int sysErrno) noexcept;
  void writeFailed(Way way, int sysErrno) noexcept;
  void noteFailure(Way failedSource, int sysErrno) noexcept;

  /// Not inlined, because it would cost every message instructions.
  [[gnu::noinline]] void ended(Way way) noexcept;

  void startFlushing(Way way) noexcept;
  void flush() noexcept;
  void account(Way way, const Pump::Result& result) noexcept;
  void armIdleTimer() noexcept;
  void end() noexcept;

  [[nodiscard]] Pump& pumpOf(Way way) noexcept { return way == Way::Up ? up_ : down_; }

  [[nodiscard]] Pump::Ends endsOf(Way way) noexcept;
  [[nodiscard]] Context& context() const noexcept;
  [[nodiscard]] transport::Side& downstream() const noexcept;

  Connection& connection_;
  upstream::ClusterRuntime& cluster_;
  os::PoolPtr<upstream::Connector> connector_;
  upstream::Endpoint* endpoint_ = nullptr;
  transport::Side upstream_;
  Pump up_;
  Pump down_;
  base::TimePoint lastActive_;
  base::TimePoint flushUntil_{};
  base::TimePoint earlyUntil_{};  ///< An end by the endpoint before it is an early close.
  std::uint32_t connectUs_ = 0;
  int downstreamErrno_ = 0;
  int upstreamErrno_ = 0;
  std::uint8_t attemptCount_ = 0;
  State state_ = State::Connecting;
  Way flushWay_ = Way::Up;
  bool failed_ = false;
  bool closedEarly_ = false;
  snapshot::Protocol protocol_;
  telemetry::CloseReason reason_ = telemetry::CloseReason::Finished;
};

using TcpSessionPtr = std::unique_ptr<TcpSession, SessionDispose>;

static_assert(sizeof(TcpSession) <= 272);

}  // namespace weft::proxy
