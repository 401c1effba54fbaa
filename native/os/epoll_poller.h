// EpollPoller: epoll and an eventfd for wake-ups.
#pragma once

#include <array>
#include <memory>

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
      std::optional<base::Duration> timeout) noexcept override;
  void wake() noexcept override;

  [[nodiscard]] std::uint64_t changeCount() const noexcept override { return changeCount_; }

 private:
  /// One wait reports at most this many; more are told by the next wait.
  static constexpr std::size_t kEventsMax = 256;

  EpollPoller(int epollFd, int wakeFd) noexcept : epollFd_(epollFd), wakeFd_(wakeFd) {}

  const int epollFd_;
  const int wakeFd_;
  std::uint64_t changeCount_ = 0;
  std::array<Readiness, kEventsMax> readiness_{};
};

}  // namespace weft::os
