// Readiness of descriptors, by an index that the caller chooses.

#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <sys/epoll.h>
#include <time.h>

#include "net.h"

namespace weft::bench {

class Poller {
 public:
  void add(int fd, size_t index, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = index;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
      dieErrno("epoll_ctl");
    }
  }

  void remove(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

  // Waits at most `timeoutNs`.
  std::span<const epoll_event> wait(uint64_t timeoutNs) {
    const timespec timeout{.tv_sec = static_cast<time_t>(timeoutNs / 1'000'000'000U),
                           .tv_nsec = static_cast<long>(timeoutNs % 1'000'000'000U)};
    const int count =
        epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
    return std::span(events_).first(static_cast<size_t>(count > 0 ? count : 0));
  }

 private:
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::array<epoll_event, 256> events_{};
};

}  // namespace weft::bench
