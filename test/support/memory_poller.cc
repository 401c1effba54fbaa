#include "support/memory_poller.h"

#include <algorithm>

#include "base/assert.h"

namespace weft::test {

using os::Interest;
using os::Ready;

namespace {

/// Failure is told whatever the interest is, as EPOLLERR and EPOLLHUP are.
std::uint8_t maskOf(Interest interest) noexcept {
  constexpr std::uint8_t kRead =
      Ready::kReadable | Ready::kReadHangup | Ready::kUrgent | Ready::kFailed;
  switch (interest) {
    case Interest::Read:
      return kRead;
    case Interest::ReadWrite:
      return kRead | Ready::kWritable;
    case Interest::Accept:
      return Ready::kReadable | Ready::kFailed;
    case Interest::Paused:
      return Ready::kFailed;
  }
  return 0;
}

}  // namespace

MemoryPoller::~MemoryPoller() {
  for (MemoryFile* file : watched_) {
    file->watch = {};
  }
}

base::Result<void> MemoryPoller::add(int fd, Interest interest, os::Pollable& pollable) {
  ++changeCount_;
  int sysErrno = 0;
  MemoryFile* file = sockets_.watchable(fd, sysErrno);
  if (file == nullptr) {
    return base::errorFromErrno(sysErrno, base::Side::Internal, "cannot watch a descriptor");
  }
  WEFT_CHECK(file->watch.watcher == nullptr);
  watched_.push_back(file);
  watch(*file, interest, pollable);
  return {};
}

void MemoryPoller::modify(int fd, Interest interest, os::Pollable& pollable) noexcept {
  ++changeCount_;
  MemoryFile& file = sockets_.file(fd);
  WEFT_CHECK(file.watch.watcher == this);
  watch(file, interest, pollable);
}

void MemoryPoller::remove(int fd) noexcept {
  ++changeCount_;
  sockets_.file(fd).endWatch();
}

/// EPOLL_CTL_ADD and EPOLL_CTL_MOD look at the file at once.
void MemoryPoller::watch(MemoryFile& file, Interest interest, os::Pollable& pollable) {
  file.watch.watcher = this;
  file.watch.pollable = &pollable;
  file.watch.interest = interest;
  happened(file, file.readyBits());
}

void MemoryPoller::happened(MemoryFile& file, std::uint8_t bits) {
  if ((bits & maskOf(file.watch.interest)) != 0) {
    enqueue(file);
  }
}

void MemoryPoller::enqueue(MemoryFile& file) {
  if (!file.watch.queued) {
    file.watch.queued = true;
    ready_.push_back(&file);
  }
}

void MemoryPoller::closed(MemoryFile& file) noexcept {
  std::erase(ready_, &file);
  std::erase(watched_, &file);
}

std::span<const os::Readiness> MemoryPoller::wait(
    base::TimePoint now, std::optional<base::TimePoint> deadline) noexcept {
  deadline_ = deadline;
  busy_ = woken_.exchange(false, std::memory_order_acquire) || (deadline && *deadline <= now);
  reported_.clear();
  if (random_ != nullptr) {
    for (std::size_t i = ready_.size(); i > 1; --i) {
      std::swap(ready_[i - 1], ready_[random_->below(static_cast<std::uint32_t>(i))]);
    }
  }
  const std::size_t count = ready_.size();
  for (std::size_t i = 0; i < count && reported_.size() < eventsMax_; ++i) {
    MemoryFile& file = *ready_.front();
    ready_.pop_front();
    file.watch.queued = false;
    const auto bits = static_cast<std::uint8_t>(file.readyBits() & maskOf(file.watch.interest));
    if (bits != 0) {
      reported_.push_back({.pollable = file.watch.pollable, .ready = {.bits = bits}});
      if (file.watch.interest == Interest::Accept) {
        enqueue(file);
      }
    }
  }
  busy_ = busy_ || !reported_.empty();
  return reported_;
}

}  // namespace weft::test
