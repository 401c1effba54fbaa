// The three system calls of the hot path, past the C library's wrappers: those are cancellation
// points and pay two locked instructions for each call in a process with threads. Under sanitizers
// the wrappers stay, because they are where a sanitizer learns what the kernel has written.
#pragma once

#include <cstddef>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEFT_LIBC_CALLS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define WEFT_LIBC_CALLS
#endif
#endif

namespace weft::os {

/// recv(2).
inline ssize_t directRecv(int fd, void* into, std::size_t bytes) noexcept {
#ifdef WEFT_LIBC_CALLS
  return ::recv(fd, into, bytes, 0);
#else
  return ::syscall(SYS_recvfrom, fd, into, bytes, 0, nullptr, nullptr);
#endif
}

/// send(2).
inline ssize_t directSend(int fd, const void* from, std::size_t bytes, int flags) noexcept {
#ifdef WEFT_LIBC_CALLS
  return ::send(fd, from, bytes, flags);
#else
  return ::syscall(SYS_sendto, fd, from, bytes, flags, nullptr, 0);
#endif
}

/// epoll_wait(2).
inline int directEpollWait(int fd, epoll_event* events, int countMax, int timeoutMs) noexcept {
#ifdef WEFT_LIBC_CALLS
  return ::epoll_wait(fd, events, countMax, timeoutMs);
#else
  // Every architecture has epoll_pwait; arm64 has nothing else.
  return static_cast<int>(
      ::syscall(SYS_epoll_pwait, fd, events, countMax, timeoutMs, nullptr, std::size_t{8}));
#endif
}

}  // namespace weft::os
