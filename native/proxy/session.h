// Session: the protocol life of one downstream connection, from the moment at which its transport
// is open. Owned by its connection; one thread.
#pragma once

#include <cstdint>
#include <memory>

#include "base/address.h"
#include "base/clock.h"
#include "base/ids.h"
#include "os/poller.h"
#include "proxy/connection_view.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"

namespace weft::proxy {

/// How a connection ended, for counters and the access log.
struct Ending {
  telemetry::CloseReason reason = telemetry::CloseReason::Finished;
  int downstreamErrno = 0;
  int upstreamErrno = 0;
  base::ClusterId clusterId;
  base::EndpointId endpointId;
  const base::Address* upstreamAddress = nullptr;  ///< Null before an endpoint was connected to.
  std::uint64_t connectUs = 0;
  std::uint64_t downstreamReadBytes = 0;
  std::uint64_t upstreamReadBytes = 0;
  std::uint32_t attemptCount = 0;
  snapshot::Protocol protocol = snapshot::Protocol::Detect;  ///< Detect: it never became clear.
};

class Session {
 public:
  virtual ~Session() = default;

  /// Once. May end the connection at once.
  virtual void start() noexcept = 0;

  /// The downstream side has noted the readiness already.
  virtual void onDownstreamReady() noexcept = 0;

  /// The connection's timer, which the session armed.
  virtual void onTimer() noexcept = 0;

  /// No new work from now on: ends when what is under way has ended, where that can be told.
  virtual void drain() noexcept {}

  /// Resets both sides and ends the connection.
  virtual void abort(telemetry::CloseReason reason) noexcept = 0;

  /// Whether its endpoint left the configuration at or before `time`.
  [[nodiscard]] virtual bool endpointRemovedBy(base::TimePoint time) const noexcept = 0;

  virtual void describe(ConnectionView& view) const = 0;

  /// Frees the object; see SessionPtr.
  virtual void dispose() noexcept = 0;
};

struct SessionDispose {
  void operator()(Session* session) const noexcept { session->dispose(); }
};

using SessionPtr = std::unique_ptr<Session, SessionDispose>;

}  // namespace weft::proxy
