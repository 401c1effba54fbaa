#include "proxy/proxy_header_wait.h"

#include <cstddef>

#include "base/bytes.h"
#include "base/clock.h"
#include "codec/proxy_protocol.h"
#include "codec/sniffer.h"
#include "proxy/connection.h"
#include "proxy/connection_view.h"
#include "proxy/connections.h"
#include "proxy/context.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"
#include "transport/transport.h"

namespace weft::proxy {

using codec::ProxyRead;
using telemetry::CloseReason;
using transport::Status;

// What comes behind the header is handed over with what was read of it.
static_assert(codec::kProxyHeaderBytesMax < codec::kSniffBytesMax);

ProxyHeaderWait::ProxyHeaderWait(Connection& connection,
                                 const snapshot::ProxyProtocol& policy) noexcept
    : connection_(connection),
      lastRead_(connection.connections().context().loop().now()),
      timeout_(policy.timeout),
      required_(policy.required) {}

Context& ProxyHeaderWait::context() const noexcept {
  return connection_.connections().context();
}

void ProxyHeaderWait::start() noexcept {
  connection_.armTimer(timeout_);
  // Nobody tells of what came before the descriptor was registered.
  connection_.downstream().readReady = true;
  onDownstreamReady();
}

void ProxyHeaderWait::onDownstreamReady() noexcept {
  while (!over_ && connection_.downstream().readReady && readMore()) {
  }
}

bool ProxyHeaderWait::readMore() noexcept {
  const transport::IoResult read = connection_.readDownstream(codec::kSniffBytesMax - held_.size());
  switch (read.status) {
    case Status::Ok:
      break;
    case Status::Eof:
      end(held_.empty() ? CloseReason::DownstreamGone : CloseReason::ProxyProtocolError, 0);
      return false;
    case Status::Failed:
      end(CloseReason::DownstreamGone, read.sysErrno);
      return false;
    case Status::WantRead:
    case Status::WantWrite:
      return false;
  }
  lastRead_ = context().loop().now();
  if (!context().buffers.append(held_, context().scratch.first(read.bytes))) {
    end(CloseReason::BufferLimit, 0);
    return false;
  }
  return look();
}

/// False when it is clear what there is.
bool ProxyHeaderWait::look() noexcept {
  codec::ProxyHeader header;
  const ProxyRead read = codec::readProxyHeader(held_.unread(), header);
  if (read == ProxyRead::NeedMore) {
    return true;
  }
  if (read == ProxyRead::Whole) {
    if (connection_.believe(header, held_.unread().first(header.bytes))) {
      goOn(header.bytes);
    } else {
      end(CloseReason::BufferLimit, 0);
    }
  } else if (read == ProxyRead::Absent && !required_) {
    goOn(0);
  } else {
    end(CloseReason::ProxyProtocolError, 0);
  }
  return false;
}

void ProxyHeaderWait::goOn(std::size_t headerBytes) noexcept {
  over_ = true;
  context().loop().retire(*this);
  connection_.headerOver(held_.unread().subspan(headerBytes));
}

void ProxyHeaderWait::onTimer() noexcept {
  // Who sends none may be one that waits for the server.
  if (held_.empty() && !required_) {
    goOn(0);
  } else {
    end(CloseReason::ProxyProtocolError, 0);
  }
}

void ProxyHeaderWait::abort(CloseReason reason) noexcept {
  if (!over_) {
    end(reason, 0);
  }
}

void ProxyHeaderWait::end(CloseReason reason, int sysErrno) noexcept {
  over_ = true;
  held_.release();
  connection_.endUnserved(reason, sysErrno);
}

void ProxyHeaderWait::describe(ConnectionView& view) const {
  view.showWaiting(context().loop().now() - lastRead_, held_.size());
}

void ProxyHeaderWait::dispose() noexcept {
  connection_.connections().freeProxyHeaderWait(*this);
}

}  // namespace weft::proxy
