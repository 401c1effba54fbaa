#include "engine/listen_sockets.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "engine/drain_options.h"
#include "engine/dump.h"
#include "engine/engine.h"
#include "os/sockets.h"
#include "snapshot/listener.h"
#include "snapshot/snapshot.h"

namespace weft::engine {

namespace {

os::ListenOptions optionsOf(const snapshot::Listener& listener) {
  os::ListenOptions options{
      .address = listener.address,
      .backlogCount = listener.backlogCount,
      .ipv6Only = listener.ipv6Only,
      .unixMode = listener.unixMode,
      .stream = {.keepalive = {}, .userTimeout = listener.userTimeout.value_or(base::Duration{})}};
  if (listener.keepalive) {
    options.stream.keepalive = {.idle = listener.keepalive->idle,
                                .interval = listener.keepalive->interval,
                                .probesMax = listener.keepalive->probesMax};
  }
  return options;
}

/// IPV6_V6ONLY is settled when a socket is bound. With port 0 two listeners have one text and a
/// socket each.
bool sameSocket(const ListenSocket& left, const ListenSocket& right) {
  const base::Address& address = left.options.address;
  const bool anyPort = address.family() != base::AddressFamily::Unix && address.port() == 0;
  return address == right.options.address && left.options.ipv6Only == right.options.ipv6Only &&
         (!anyPort || left.listener == right.listener);
}

}  // namespace

ListenSockets::~ListenSockets() {
  for (const ListenSocket& socket : open_) {
    sockets_.closeListener(socket.fd, socket.options.address);
  }
}

std::unique_ptr<PublishFailure> ListenSockets::change(const snapshot::Snapshot& next,
                                                      ListenChanges& changes) {
  std::vector<ListenSocket> wanted;
  if (auto failure = open(next, changes, wanted)) {
    for (const ListenSocket& socket : changes.opened) {
      sockets_.closeListener(socket.fd, socket.options.address);
    }
    changes = {};
    return failure;
  }
  for (const ListenSocket& present : open_) {
    const bool stays = std::ranges::any_of(
        wanted, [&present](const ListenSocket& socket) { return socket.fd == present.fd; });
    if (!stays) {
      changes.closed.push_back(present);
    }
  }
  for (const ListenSocket& socket : changes.kept) {
    sockets_.setListenOptions(socket.fd, socket.options);
  }
  open_ = std::move(wanted);
  return nullptr;
}

std::unique_ptr<PublishFailure> ListenSockets::open(const snapshot::Snapshot& next,
                                                    ListenChanges& changes,
                                                    std::vector<ListenSocket>& sockets) {
  for (std::size_t i = 0; i < next.listeners.size(); ++i) {
    const snapshot::Listener& listener = *next.listeners[i];
    if (taken(listener.direction)) {
      continue;
    }
    ListenSocket socket{.fd = os::kNoFd,
                        .worker = 0,
                        .listener = listener.id,
                        .direction = listener.direction,
                        .options = optionsOf(listener)};
    const auto present = std::ranges::find_if(
        open_, [&socket](const ListenSocket& candidate) { return sameSocket(candidate, socket); });
    if (present != open_.end()) {
      socket.fd = present->fd;
      socket.worker = present->worker;
      changes.kept.push_back(socket);
    } else {
      const auto fd = sockets_.listen(socket.options);
      if (!fd.ok()) {
        return std::make_unique<PublishFailure>(PublishFailure{
            .error = fd.error(), .path = "listeners[" + std::to_string(i) + "].address"});
      }
      socket.fd = fd.value();
      socket.worker = nextWorker_++ % workerCount_;
      changes.opened.push_back(socket);
    }
    sockets.push_back(socket);
  }
  return nullptr;
}

std::vector<ListenSocket> ListenSockets::take(DrainScope scope) {
  inboundTaken_ = true;
  outboundTaken_ = outboundTaken_ || scope == DrainScope::All;
  std::vector<ListenSocket> leaving;
  std::erase_if(open_, [this, &leaving](const ListenSocket& socket) {
    if (!taken(socket.direction)) {
      return false;
    }
    leaving.push_back(socket);
    return true;
  });
  return leaving;
}

DumpResult ListenSockets::dump(std::uint32_t countMax) const {
  DumpResult result;
  for (const ListenSocket& socket : open_) {
    if (result.listeners.size() >= countMax) {
      result.truncated = true;
      break;
    }
    const bool unixSocket = socket.options.address.family() == base::AddressFamily::Unix;
    const base::Address bound =
        unixSocket ? socket.options.address : sockets_.listenAddress(socket.fd);
    result.listeners.push_back({.listenerId = socket.listener, .address = bound.toString()});
  }
  return result;
}

}  // namespace weft::engine
