// Detection: what a connection is until its first bytes say what it carries. Feeds the sniffer,
// holds what is not clear yet, and opens the connection to the endpoint early when downstream stays
// silent, so that a server that speaks first is heard. One whose first bytes are clear at once gets
// no object of this class. Owned by its connection; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "codec/sniffer.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "os/object_pool.h"
#include "proxy/context.h"
#include "proxy/session.h"
#include "proxy/tcp_session.h"
#include "transport/side.h"
#include "upstream/connector.h"

namespace weft::proxy {

class Connection;

class Detection final : public Session,
                        public os::Pollable,
                        public upstream::ConnectorOwner,
                        private os::Retired {
 public:
  /// `first` was read already; when it is empty, what is there is read. With the hint Tls it is
  /// known what comes, and only the names in it are waited for. Ends in connection.serve(),
  /// connection.detect() or the connection's end.
  static void begin(Connection& connection, base::Bytes first, snapshot::Protocol hint) noexcept;

  Detection(Connection& connection, const codec::Sniffer& sniffer,
            snapshot::Protocol hint) noexcept;
  ~Detection() override;

  Detection(const Detection&) = delete;
  Detection& operator=(const Detection&) = delete;

  void start() noexcept override;
  void onDownstreamReady() noexcept override;
  void onTimer() noexcept override;
  void abort(telemetry::CloseReason reason) noexcept override;
  [[nodiscard]] bool endpointRemovedBy(base::TimePoint time) const noexcept override;
  void describe(ConnectionView& view) const override;

  /// Of the session, and of what is retired: both free the object.
  void dispose() noexcept override;

 private:
  // From the poller, for the upstream descriptor.
  void onReady(os::Ready ready) noexcept override;

  // From the connector.
  void onConnected(upstream::Connected connected) noexcept override;
  void onConnectFailed(const base::Error& error, std::uint32_t attemptCount) noexcept override;
  [[nodiscard]] std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                             base::MutableBytes into) noexcept override;

  /// What the first read brought is not clear.
  static void wait(Connection& connection, const codec::Sniffer& sniffer, base::Bytes bytes,
                   snapshot::Protocol hint) noexcept;

  /// False when there is no memory for them.
  [[nodiscard]] bool hold(base::Bytes bytes) noexcept;
  void arm() noexcept;
  void connectEarly() noexcept;
  void lookUpstream() noexcept;
  void readSecured() noexcept;
  [[nodiscard]] bool readMore() noexcept;
  void readFailed(int sysErrno) noexcept;
  void decide(snapshot::Protocol sniffed, bool ended) noexcept;
  void decideHttp() noexcept;
  void offerEarly() noexcept;
  void dropEarly() noexcept;
  void end(telemetry::CloseReason reason) noexcept;
  [[nodiscard]] Context& context() const noexcept;
  [[nodiscard]] std::optional<base::TimePoint> earlyAt() const noexcept;

  Connection& connection_;
  codec::Sniffer sniffer_;
  os::Buffer held_;
  os::PoolPtr<upstream::Connector> connector_;
  EarlyUpstream early_;                          ///< Its endpoint is null until it is open.
  upstream::ClusterRuntime* cluster_ = nullptr;  ///< Of the early connection, while there is one.
  base::TimePoint lastRead_;
  base::TimePoint firstRead_{};
  int downstreamErrno_ = 0;
  int upstreamErrno_ = 0;
  const snapshot::Protocol hint_;
  bool earlyAsked_;
  bool over_ = false;  ///< Handed over or ended; lives until the end of the turn.
};

using DetectionPtr = std::unique_ptr<Detection, SessionDispose>;

static_assert(sizeof(Detection) <= 320);

}  // namespace weft::proxy
