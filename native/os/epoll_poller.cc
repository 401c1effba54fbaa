#include "os/epoll_poller.h"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace weft::os {

namespace {

std::uint32_t maskOf(Interest interest) noexcept {
  constexpr std::uint32_t kRead = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;
  switch (interest) {
    case Interest::Read:
      return kRead;
    case Interest::ReadWrite:
      return kRead | EPOLLOUT;
    case Interest::Accept:
      return EPOLLIN;
    case Interest::Paused:
      return 0;
  }
  return 0;
}

Ready readyOf(std::uint32_t events) noexcept {
  std::uint8_t bits = 0;
  bits |= (events & EPOLLIN) != 0 ? Ready::kReadable : 0;
  bits |= (events & EPOLLOUT) != 0 ? Ready::kWritable : 0;
  bits |= (events & EPOLLRDHUP) != 0 ? Ready::kReadHangup : 0;
  bits |= (events & (EPOLLERR | EPOLLHUP)) != 0 ? Ready::kFailed : 0;
  bits |= (events & EPOLLPRI) != 0 ? Ready::kUrgent : 0;
  return Ready{.bits = bits};
}

int waitMs(std::optional<base::Duration> timeout) noexcept {
  if (!timeout) {
    return -1;
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(*timeout).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, 3'600'000));
}

}  // namespace

base::Result<std::unique_ptr<EpollPoller>> EpollPoller::open() {
  const int epollFd = ::epoll_create1(EPOLL_CLOEXEC);
  if (epollFd < 0) {
    return base::errorFromErrno(errno, base::Side::Internal, "cannot create an epoll descriptor");
  }
  const int wakeFd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (wakeFd < 0 || ::epoll_ctl(epollFd, EPOLL_CTL_ADD, wakeFd, &event) != 0) {
    const int sysErrno = errno;
    ::close(epollFd);
    if (wakeFd >= 0) {
      ::close(wakeFd);
    }
    return base::errorFromErrno(sysErrno, base::Side::Internal, "cannot create an eventfd");
  }
  return std::unique_ptr<EpollPoller>(new EpollPoller(epollFd, wakeFd));
}

EpollPoller::~EpollPoller() {
  ::close(wakeFd_);
  ::close(epollFd_);
}

base::Result<void> EpollPoller::add(int fd, Interest interest, Pollable& pollable) {
  ++changeCount_;
  epoll_event event{.events = maskOf(interest), .data = {.ptr = &pollable}};
  if (::epoll_ctl(epollFd_, EPOLL_CTL_ADD, fd, &event) != 0) {
    return base::errorFromErrno(errno, base::Side::Internal, "cannot watch a descriptor");
  }
  return {};
}

void EpollPoller::modify(int fd, Interest interest, Pollable& pollable) noexcept {
  ++changeCount_;
  epoll_event event{.events = maskOf(interest), .data = {.ptr = &pollable}};
  static_cast<void>(::epoll_ctl(epollFd_, EPOLL_CTL_MOD, fd, &event));
}

void EpollPoller::remove(int fd) noexcept {
  ++changeCount_;
  static_cast<void>(::epoll_ctl(epollFd_, EPOLL_CTL_DEL, fd, nullptr));
}

std::span<const Readiness> EpollPoller::wait(std::optional<base::Duration> timeout) noexcept {
  std::array<epoll_event, kEventsMax> events;
  const int count = ::epoll_wait(epollFd_, events.data(), kEventsMax, waitMs(timeout));
  std::size_t reported = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    // The eventfd is edge-triggered: each write to it is told once, so that nobody has to read it.
    if (event.data.ptr != nullptr) {
      readiness_[reported++] = {.pollable = static_cast<Pollable*>(event.data.ptr),
                                .ready = readyOf(event.events)};
    }
  }
  return {readiness_.data(), reported};
}

void EpollPoller::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wakeFd_, &one, sizeof(one)));
}

}  // namespace weft::os
