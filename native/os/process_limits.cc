#include "os/process_limits.h"

#include <algorithm>
#include <cstdint>

#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace weft::os {

std::uint32_t raiseDescriptorLimit() noexcept {
  constexpr rlim_t kMost = 0x7fffffff;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 1024;
  }
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
      limit = raised;
    }
  }
  return static_cast<std::uint32_t>(std::min(limit.rlim_cur, kMost));
}

std::uint32_t openDescriptorCount() noexcept {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) {
    return 0;
  }
  std::uint32_t count = 0;
  while (::readdir(folder) != nullptr) {
    ++count;
  }
  ::closedir(folder);
  constexpr std::uint32_t kNotDescriptors = 3;  // ".", ".." and the folder itself.
  return count > kNotDescriptors ? count - kNotDescriptors : 0;
}

bool reapChild(std::int32_t pid) noexcept {
  // NOLINTNEXTLINE(misc-include-cleaner): <sys/wait.h> has WNOHANG, through a header of glibc.
  return ::waitpid(pid, nullptr, WNOHANG) == pid;
}

std::uint32_t affinityCpuCount() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) {
    return 1;
  }
  return static_cast<std::uint32_t>(std::max(CPU_COUNT(&set), 1));
}

}  // namespace weft::os
