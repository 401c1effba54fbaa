#include "upstream/connector.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "codec/proxy_protocol.h"
#include "os/poller.h"
#include "os/sockets.h"
#include "snapshot/cluster.h"
#include "telemetry/cells.h"
#include "transport/transport.h"
#include "upstream/cluster_runtime.h"
#include "upstream/endpoint.h"

namespace weft::upstream {

namespace {

using base::Error;
using base::ErrorCode;
using base::Side;
using telemetry::WorkerCell;

/// Of what a client told: the endpoint is not at fault.
constexpr Error kProxyHeaderTooLong{.text = "the PROXY header has no room for its addresses",
                                    .code = ErrorCode::Exhausted,
                                    .side = Side::Downstream};
constexpr Error kNoProxyHeader{.text = "cannot send the header of the PROXY protocol",
                               .code = ErrorCode::Reset,
                               .side = Side::Upstream};
constexpr Error kConnectTimeout{
    .text = "no answer in time", .code = ErrorCode::Timeout, .side = Side::Upstream};
constexpr Error kNoMemory{.text = "no memory for a connection",
                          .sysErrno = ENOMEM,
                          .code = ErrorCode::Exhausted,
                          .side = Side::Upstream};

}  // namespace

Connector::~Connector() {
  if (endpoint_ != nullptr) {
    release(*endpoint_);
  }
  endConnect();
}

void Connector::release(Endpoint& endpoint) noexcept {
  if (forRequest_) {
    cluster_.releaseConnection(endpoint);
  } else {
    cluster_.released(endpoint);
  }
}

void Connector::start(std::optional<std::uint64_t> key) noexcept {
  key_ = key;
  if (const Error* refusal = cluster_.beginConnect()) {
    giveUp(*refusal);
    return;
  }
  pending_ = true;
  tryNext();
}

void Connector::startAt(Endpoint& endpoint, bool again) noexcept {
  forRequest_ = true;
  again_ = again;
  pending_ = true;
  if (!tryEndpoint(endpoint)) {
    giveUp(lastError_);
  }
}

void Connector::endConnect() noexcept {
  if (std::exchange(pending_, false)) {
    cluster_.endConnect();
  }
}

void Connector::giveUp(const Error& error) noexcept {
  endConnect();
  owner_->onConnectFailed(error, attemptCount_);
}

/// Goes through endpoints until an attempt is under way or nothing is left.
void Connector::tryNext() noexcept {
  const std::uint32_t attemptsMax = std::min(cluster_.settings().connectAttemptsMax, kAttemptsMax);
  while (attemptCount_ < attemptsMax) {
    const auto endpoint = cluster_.acquire(
        {.tried = std::span(tried_).first(attemptCount_), .key = key_}, direction_);
    if (!endpoint.ok()) {
      // Why the last one failed says more than that there is no other.
      const bool isLast = endpoint.error().code == ErrorCode::NoEndpoint && attemptCount_ > 0;
      lastError_ = isLast ? lastError_ : endpoint.error();
      break;
    }
    if (tryEndpoint(*endpoint.value())) {
      return;
    }
    if (lastError_.code == ErrorCode::Exhausted) {
      break;
    }
  }
  giveUp(lastError_);
}

bool Connector::tryEndpoint(Endpoint& endpoint) noexcept {
  const snapshot::Cluster& settings = cluster_.settings();
  const bool isRetry = again_ || attemptCount_ > 0;
  context_.workerCells.add(isRetry ? WorkerCell::ConnectRetries : WorkerCell::ConnectAttempts);
  tried_[attemptCount_++] = endpoint.id;
  endpoint_ = &endpoint;
  started_ = context_.loop.readClock();
  os::StreamOptions options{.userTimeout = settings.userTimeout.value_or(base::Duration{})};
  if (settings.keepalive) {
    options.keepalive = {.idle = settings.keepalive->idle,
                         .interval = settings.keepalive->interval,
                         .probesMax = settings.keepalive->probesMax};
  }
  const base::Address& address = target_ == nullptr ? endpoint.address : *target_;
  const auto fd = context_.sockets.connect(address, options);
  if (!fd.ok()) {
    endAttempt(fd.error());
    return false;
  }
  const bool unixSocket = address.family() == base::AddressFamily::Unix;
  transport_ = context_.transports.connecting(fd.value(), unixSocket);
  if (transport_ == nullptr) {
    endAttempt(kNoMemory);
    return false;
  }
  const auto added = context_.loop.poller().add(fd.value(), os::Interest::ReadWrite, *pollable_);
  if (!added.ok()) {
    endAttempt(added.error());
    return false;
  }
  connected_ = false;
  context_.loop.arm(*this, settings.connectTimeout);
  return true;
}

void Connector::endAttempt(const Error& error) noexcept {
  lastError_ = error;
  cancel();
  transport_.reset();
  Endpoint& endpoint = *std::exchange(endpoint_, nullptr);
  cluster_.connectFailed(endpoint, direction_, error);
  release(endpoint);
}

void Connector::attemptFailed(const Error& error) noexcept {
  endAttempt(error);
  if (forRequest_ || error.code == ErrorCode::Exhausted) {
    giveUp(error);
  } else {
    tryNext();
  }
}

void Connector::onReady(os::Ready ready) noexcept {
  if (transport_ == nullptr) {
    return;
  }
  if (!connected_) {
    if (!ready.has(os::Ready::kWritable | os::Ready::kFailed)) {
      return;
    }
    const int sysErrno = context_.sockets.connectError(transport_->fd());
    if (sysErrno != 0) {
      attemptFailed(base::errorFromErrno(sysErrno, Side::Upstream, "cannot connect"));
      return;
    }
    connected_ = true;
  }
  openTransport();
}

void Connector::handOver(os::Pollable& pollable, ConnectorOwner& owner) noexcept {
  pollable_ = &pollable;
  owner_ = &owner;
  if (transport_ != nullptr) {
    context_.loop.poller().modify(transport_->fd(), os::Interest::ReadWrite, pollable);
  }
}

void Connector::openTransport() noexcept {
  const transport::IoResult opened = transport_->open();
  if (opened.status == transport::Status::Ok) {
    succeed();
  } else if (opened.status == transport::Status::Failed ||
             opened.status == transport::Status::Eof) {
    const int sysErrno = opened.sysErrno == 0 ? ECONNRESET : opened.sysErrno;
    attemptFailed(base::errorFromErrno(sysErrno, Side::Upstream, "cannot secure the connection"));
  }
}

void Connector::onTimer() noexcept {
  attemptFailed(kConnectTimeout);
}

/// At once: it is smaller than the send buffer of any socket, which is empty.
const Error* Connector::sendProxyHeader(snapshot::ProxyVersion version) noexcept {
  std::array<std::byte, codec::kProxyHeaderBytesMax> header;
  const std::size_t size = owner_->writeProxyHeader(version, header);
  if (size == 0) {
    return &kProxyHeaderTooLong;
  }
  const base::Bytes bytes = base::Bytes(header).first(size);
  const transport::IoResult sent = transport_->write(bytes);
  return sent.status == transport::Status::Ok && sent.bytes == size ? nullptr : &kNoProxyHeader;
}

void Connector::succeed() noexcept {
  const auto proxyVersion = cluster_.settings().proxyProtocol;
  if (const Error* error = proxyVersion ? sendProxyHeader(*proxyVersion) : nullptr) {
    attemptFailed(*error);
    return;
  }
  cancel();
  endConnect();
  const base::Duration connectTime =
      std::max(context_.loop.now() - started_, base::Duration::zero());
  Endpoint* endpoint = std::exchange(endpoint_, nullptr);
  cluster_.connected(*endpoint, direction_, connectTime);
  owner_->onConnected({.transport = std::move(transport_),
                       .endpoint = endpoint,
                       .connectTime = connectTime,
                       .attemptCount = attemptCount_});
}

}  // namespace weft::upstream
