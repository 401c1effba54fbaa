#include "support/memory_network.h"

#include <algorithm>
#include <cerrno>

namespace weft::test {

using base::Address;
using base::AddressFamily;

namespace {

/// A connect that finds the backlog full is tried again by the kernel after a second.
constexpr base::Duration kSynRetry = std::chrono::seconds(1);

bool isUnix(const Address& address) {
  return address.family() == AddressFamily::Unix;
}

Address withPort(const Address& address, std::uint16_t port) {
  if (address.family() == AddressFamily::Ipv4) {
    const auto& ip = address.ip();
    return Address::ipv4({ip[0], ip[1], ip[2], ip[3]}, port);
  }
  return Address::ipv6(address.ip(), port, address.scope());
}

}  // namespace

// ---- listeners and connects ----

std::shared_ptr<MemoryListener> MemoryNetwork::listen(const Address& address,
                                                      std::size_t backlogCount) {
  auto listener = std::make_shared<MemoryListener>();
  const bool anyPort = !isUnix(address) && address.port() == 0;
  listener->address = anyPort ? withPort(address, nextPort_++) : address;
  listener->backlogCount = backlogCount;
  return listeners_.emplace(listener->address.toString(), listener).second ? listener : nullptr;
}

void MemoryNetwork::close(MemoryListener& listener) {
  listener.endWatch();
  forget(listener);
  listeners_.erase(listener.address.toString());
}

Answer MemoryNetwork::answerOf(const std::string& address) const {
  const auto answer = answers_.find(address);
  return answer == answers_.end() ? Answer::Listener : answer->second;
}

std::shared_ptr<MemoryStream> MemoryNetwork::makeStream() {
  return std::make_shared<MemoryStream>(*this, options_.sendBytes, options_.receiveBytes);
}

std::shared_ptr<MemoryStream> MemoryNetwork::connect(const Address& address, int& sysErrno) {
  if (onConnect_) {
    onConnect_(address);
  }
  const std::string text = address.toString();
  const Answer answer = answerOf(text);
  const auto listener = listeners_.find(text);
  sysErrno = 0;
  if (answer == Answer::Unreachable) {
    sysErrno = EHOSTUNREACH;
  } else if (isUnix(address) && answer == Answer::Refused) {
    sysErrno = ECONNREFUSED;
  } else if (isUnix(address) && answer == Answer::Listener && listener == listeners_.end()) {
    sysErrno = ENOENT;
  }
  if (sysErrno != 0) {
    return nullptr;
  }
  auto stream = makeStream();
  stream->startConnect(address);
  const bool waits = !isUnix(address) && !immediate();
  if (answer == Answer::Silence) {
    return stream;
  }
  if (waits) {
    connecting_.push_back({.stream = stream, .due = clock_.now() + options_.delay});
  } else {
    finishConnect(stream);
  }
  return stream;
}

void MemoryNetwork::finishConnect(const std::shared_ptr<MemoryStream>& stream) {
  if (stream->closed()) {
    return;
  }
  const std::string to = stream->remoteAddress().toString();
  const auto found = listeners_.find(to);
  if (answerOf(to) == Answer::Refused || found == listeners_.end() || found->second->refusesNew) {
    stream->connectFailed(ECONNREFUSED);
    return;
  }
  MemoryListener& listener = *found->second;
  if (listener.waiting.size() > listener.backlogCount) {
    connecting_.push_back({.stream = stream, .due = clock_.now() + kSynRetry});
    return;
  }
  const Address from =
      isUnix(listener.address) ? Address::unixPath({}) : withPort(listener.address, nextPort_++);
  auto acceptedEnd = makeStream();
  stream->pairWith(*acceptedEnd, from);
  listener.waiting.push_back(std::move(acceptedEnd));
  listener.tell(os::Ready::kReadable);
}

bool MemoryNetwork::finishConnects() {
  bool any = false;
  for (std::size_t i = 0; i < connecting_.size();) {
    if (!due(connecting_[i].due)) {
      ++i;
      continue;
    }
    const std::shared_ptr<MemoryStream> stream = connecting_[i].stream;
    connecting_.erase(connecting_.begin() + static_cast<std::ptrdiff_t>(i));
    finishConnect(stream);
    any = true;
  }
  return any;
}

// ---- what travels ----

void MemoryNetwork::touch(MemoryStream& stream) {
  if (immediate()) {
    while (stream.deliver(SIZE_MAX)) {
    }
    return;
  }
  const bool known = std::ranges::any_of(
      moving_, [&stream](const Moving& moving) { return moving.stream.get() == &stream; });
  if (!known && stream.hasToDeliver()) {
    moving_.push_back({.stream = stream.shared_from_this(), .due = clock_.now() + options_.delay});
  }
}

/// A stream with more to deliver goes on after another delay.
bool MemoryNetwork::deliverOne(std::size_t index, std::size_t bytesMax) {
  const std::shared_ptr<MemoryStream> stream = moving_[index].stream;
  const bool moved = stream->deliver(bytesMax);
  if (stream->hasToDeliver()) {
    moving_[index].due = clock_.now() + options_.delay;
  } else {
    std::erase_if(moving_, [&stream](const Moving& moving) { return moving.stream == stream; });
  }
  return moved;
}

void MemoryNetwork::forgetWaiting(const base::Address& address) {
  forget(*listeners_.at(address.toString()));
}

void MemoryNetwork::forget(MemoryListener& listener) {
  for (const std::shared_ptr<MemoryStream>& waiting : listener.waiting) {
    waiting->reset();
  }
  listener.waiting.clear();
}

bool MemoryNetwork::deliver() {
  bool any = finishConnects();
  for (std::size_t i = 0; i < moving_.size();) {
    const MemoryStream* stream = moving_[i].stream.get();
    any = (due(moving_[i].due) && deliverOne(i, SIZE_MAX)) || any;
    i += i < moving_.size() && moving_[i].stream.get() == stream ? 1 : 0;
  }
  return any;
}

void MemoryNetwork::deliverSome() {
  if (!connecting_.empty() && random_.below(2) == 0) {
    finishConnects();
  }
  if (moving_.empty()) {
    return;
  }
  const std::size_t index = random_.below(static_cast<std::uint32_t>(moving_.size()));
  if (due(moving_[index].due)) {
    // Mostly small pieces, now and then all there is.
    const std::uint32_t bits = random_.below(20);
    deliverOne(index, 1 + random_.below(1U << bits));
  }
}

std::optional<base::TimePoint> MemoryNetwork::nextDue() const {
  std::optional<base::TimePoint> next;
  const auto consider = [&next](base::TimePoint time) {
    next = next ? std::min(*next, time) : time;
  };
  for (const Moving& moving : moving_) {
    consider(moving.due);
  }
  for (const Connecting& connecting : connecting_) {
    consider(connecting.due);
  }
  return next;
}

}  // namespace weft::test
