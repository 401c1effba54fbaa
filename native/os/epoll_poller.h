// EpollPoller: epoll, an eventfd for wake-ups, and a timerfd for deadlines: a deadline that stays
// the same costs nothing in each wait, where a timeout of epoll_wait sets up and takes down a
// kernel timer.
#pragma once

#include <array>
#include <memory>

#include <sys/epoll.h>

#include "os/poller.h"

namespace weft::os {

class EpollPoller final : public Poller {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<EpollPoller>> open();
  ~EpollPoller() override;

  EpollPoller(const EpollPoller&) = delete;
  EpollPoller& operator=(const EpollPoller&) = delete;

  [[nodiscard]] base::Result<void> add(int fd, Interest interest, Pollable& pollable) override;
  void modify(int fd, Interest interest, Pollable& pollable) noexcept override;
  void remove(int fd) noexcept override;
  [[nodiscard]] std::span<const Readiness> wait(
      base::TimePoint now, std::optional<base::TimePoint> deadline) noexcept override;
  void wake() noexcept override;

  [[nodiscard]] std::uint64_t changeCount() const noexcept override { return changeCount_; }

 private:
  /// One wait reports at most this many; more are told by the next wait.
  static constexpr std::size_t kEventsMax = 256;

  EpollPoller(int epollFd, int wakeFd, int timerFd) noexcept
      : epollFd_(epollFd), wakeFd_(wakeFd), timerFd_(timerFd) {}

  void armTimer(base::TimePoint deadline) noexcept;

  const int epollFd_;
  const int wakeFd_;
  const int timerFd_;
  std::optional<base::TimePoint>
      armedFor_;  ///< What the timer was last set to, while that is to come.
  std::uint64_t changeCount_ = 0;
  std::array<epoll_event, kEventsMax> events_{};
  std::array<Readiness, kEventsMax> readiness_{};
};

}  // namespace weft::os
