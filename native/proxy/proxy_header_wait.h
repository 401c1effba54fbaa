// ProxyHeaderWait: what a connection is until the header of the PROXY protocol is there, when it
// comes from a network whose headers are believed. Holds what has come, and hands over what comes
// behind the header. Owned by its connection; one thread.
#pragma once

#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "proxy/context.h"
#include "proxy/session.h"
#include "snapshot/listener.h"

namespace weft::proxy {

class Connection;

class ProxyHeaderWait final : public Session, private os::Retired {
 public:
  ProxyHeaderWait(Connection& connection, const snapshot::ProxyProtocol& policy) noexcept;
  ~ProxyHeaderWait() override = default;

  ProxyHeaderWait(const ProxyHeaderWait&) = delete;
  ProxyHeaderWait& operator=(const ProxyHeaderWait&) = delete;

  void start() noexcept override;
  void onDownstreamReady() noexcept override;
  void onTimer() noexcept override;
  void abort(telemetry::CloseReason reason) noexcept override;

  [[nodiscard]] bool endpointRemovedBy(base::TimePoint /*time*/) const noexcept override {
    return false;
  }

  void describe(ConnectionView& view) const override;

  /// Of the session, and of what is retired: both free the object.
  void dispose() noexcept override;

 private:
  /// False when there is nothing more to read here.
  [[nodiscard]] bool readMore() noexcept;
  [[nodiscard]] bool look() noexcept;
  void goOn(std::size_t headerBytes) noexcept;
  void end(telemetry::CloseReason reason, int sysErrno) noexcept;
  [[nodiscard]] Context& context() const noexcept;

  Connection& connection_;
  os::Buffer held_;
  base::TimePoint lastRead_;
  const base::Duration timeout_;
  const bool required_;
  bool over_ = false;  ///< Handed over or ended; lives until the end of the turn.
};

using ProxyHeaderWaitPtr = std::unique_ptr<ProxyHeaderWait, SessionDispose>;

}  // namespace weft::proxy
