// MemoryFile: what a descriptor of the in-memory kernel stands for, as far as a poller sees it.
#pragma once

#include <cstdint>

#include "os/poller.h"

namespace weft::test {

class MemoryFile;

/// Told when something about a file may have changed that it watches.
class FileWatcher {
 public:
  /// `bits` of os::Ready say what has happened.
  virtual void happened(MemoryFile& file, std::uint8_t bits) = 0;
  virtual void closed(MemoryFile& file) noexcept = 0;

 protected:
  ~FileWatcher() = default;
};

/// How a poller watches a file; the poller's own.
struct Watch {
  FileWatcher* watcher = nullptr;
  os::Pollable* pollable = nullptr;
  os::Interest interest = os::Interest::Read;
  bool queued = false;
};

class MemoryFile {
 public:
  MemoryFile() = default;
  virtual ~MemoryFile() = default;

  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  /// What epoll would report now. Asking whether it is writable arms the news that it has become
  /// so, as tcp_poll does.
  [[nodiscard]] virtual std::uint8_t readyBits() = 0;

  void tell(std::uint8_t bits) {
    if (watch.watcher != nullptr) {
      watch.watcher->happened(*this, bits);
    }
  }

  void endWatch() noexcept {
    if (watch.watcher != nullptr) {
      watch.watcher->closed(*this);
      watch = {};
    }
  }

  Watch watch;
};

}  // namespace weft::test
