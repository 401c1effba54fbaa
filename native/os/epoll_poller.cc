#include "os/epoll_poller.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "os/direct_calls.h"
#include "os/poller.h"

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

bool watchForEver(int epollFd, int fd) noexcept {
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  return fd >= 0 && ::epoll_ctl(epollFd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void closeIfOpen(int fd) noexcept {
  if (fd >= 0) {
    ::close(fd);
  }
}

}  // namespace

base::Result<std::unique_ptr<EpollPoller>> EpollPoller::open() {
  const int epollFd = ::epoll_create1(EPOLL_CLOEXEC);
  if (epollFd < 0) {
    return base::errorFromErrno(errno, base::Side::Internal, "cannot create an epoll descriptor");
  }
  const int wakeFd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  const int timerFd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (!watchForEver(epollFd, wakeFd) || !watchForEver(epollFd, timerFd)) {
    const int sysErrno = errno;
    closeIfOpen(timerFd);
    closeIfOpen(wakeFd);
    ::close(epollFd);
    return base::errorFromErrno(sysErrno, base::Side::Internal, "cannot create an eventfd");
  }
  return std::unique_ptr<EpollPoller>(new EpollPoller(epollFd, wakeFd, timerFd));
}

EpollPoller::~EpollPoller() {
  ::close(timerFd_);
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

/// A timer that is set to an earlier time stays: the wait returns early once and sets it again.
void EpollPoller::armTimer(base::TimePoint deadline) noexcept {
  if (armedFor_ && *armedFor_ <= deadline) {
    return;
  }
  armedFor_ = deadline;
  const auto us = deadline.time_since_epoch().count();
  const itimerspec setting{
      .it_interval = {.tv_sec = 0, .tv_nsec = 0},
      .it_value = {.tv_sec = us / 1'000'000, .tv_nsec = us % 1'000'000 * 1000}};
  static_cast<void>(::timerfd_settime(timerFd_, TFD_TIMER_ABSTIME, &setting, nullptr));
}

std::span<const Readiness> EpollPoller::wait(base::TimePoint now,
                                             std::optional<base::TimePoint> deadline) noexcept {
  const bool block = !deadline || *deadline > now;
  if (armedFor_ && *armedFor_ <= now) {
    armedFor_.reset();
  }
  if (deadline && block) {
    armTimer(*deadline);
  }
  const int count = directEpollWait(epollFd_, events_.data(), kEventsMax, block ? -1 : 0);
  std::size_t reported = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    // The eventfd and the timerfd are edge-triggered: each event of theirs is told once and nobody
    // reads them.
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
