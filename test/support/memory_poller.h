// MemoryPoller: epoll over the files of one process of the in-memory kernel. Edge-triggered as the
// kernel is: a file is put on the ready list by what happens to it, by its registration, and by a
// change of that; what is reported is its state when it is asked, and it is told once. It never
// sleeps; what it would have slept for is remembered. One thread, except wake().
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "os/poller.h"
#include "support/memory_sockets.h"

namespace weft::test {

class MemoryPoller final : public os::Poller, public FileWatcher {
 public:
  explicit MemoryPoller(MemorySockets& sockets) noexcept : sockets_(sockets) {}

  ~MemoryPoller() override;

  MemoryPoller(const MemoryPoller&) = delete;
  MemoryPoller& operator=(const MemoryPoller&) = delete;

  // ---- for tests ----

  /// A wait reports at most so many files; the rest wait for the next.
  void setEventsMax(std::size_t max) noexcept { eventsMax_ = max; }

  /// Reports files in random order instead of the order in which they became ready.
  void shuffle(base::Random& random) noexcept { random_ = &random; }

  /// The last wait had something to do: an event, a wake-up, or a deadline that had passed.
  [[nodiscard]] bool wasBusy() const noexcept { return busy_; }

  /// Until when the last wait would have slept; none: for ever.
  [[nodiscard]] std::optional<base::TimePoint> sleepsUntil() const noexcept { return deadline_; }

  /// A wait now would report something.
  [[nodiscard]] bool hasReady() const noexcept {
    return !ready_.empty() || woken_.load(std::memory_order_relaxed);
  }

  // ---- os::Poller ----

  [[nodiscard]] base::Result<void> add(int fd, os::Interest interest,
                                       os::Pollable& pollable) override;
  void modify(int fd, os::Interest interest, os::Pollable& pollable) noexcept override;
  void remove(int fd) noexcept override;
  [[nodiscard]] std::span<const os::Readiness> wait(
      base::TimePoint now, std::optional<base::TimePoint> deadline) noexcept override;

  void wake() noexcept override { woken_.store(true, std::memory_order_release); }

  [[nodiscard]] std::uint64_t changeCount() const noexcept override { return changeCount_; }

 private:
  void happened(MemoryFile& file, std::uint8_t bits) override;
  void closed(MemoryFile& file) noexcept override;
  void watch(MemoryFile& file, os::Interest interest, os::Pollable& pollable);
  void enqueue(MemoryFile& file);

  MemorySockets& sockets_;
  std::deque<MemoryFile*> ready_;
  std::vector<os::Readiness> reported_;
  std::vector<MemoryFile*> watched_;
  base::Random* random_ = nullptr;
  std::size_t eventsMax_ = 256;
  std::uint64_t changeCount_ = 0;
  std::optional<base::TimePoint> deadline_;
  bool busy_ = false;
  std::atomic<bool> woken_{false};
};

}  // namespace weft::test
