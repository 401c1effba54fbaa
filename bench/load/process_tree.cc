#include "process_tree.h"

#include <cstdio>
#include <cstdlib>
#include <map>

#include <dirent.h>
#include <time.h>

namespace weft::bench {

namespace {

// 0 when the process has gone. The name may contain spaces and brackets, so the fields are taken
// from behind the last bracket.
pid_t parentOf(pid_t pid) {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE* file = std::fopen(path, "re");
  if (file == nullptr) {
    return 0;
  }
  char line[512] = {};
  const size_t length = std::fread(line, 1, sizeof line - 1, file);
  std::fclose(file);
  pid_t parent = 0;
  char state = 0;
  for (size_t i = length; i > 0; --i) {
    if (line[i - 1] == ')') {
      std::sscanf(line + i, " %c %d", &state, &parent);
      break;
    }
  }
  return parent;
}

std::multimap<pid_t, pid_t> childrenByParent() {
  std::multimap<pid_t, pid_t> children;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) {
    return children;
  }
  while (const dirent* entry = readdir(proc)) {
    const pid_t pid = static_cast<pid_t>(std::atoi(entry->d_name));
    if (pid > 0) {
      children.emplace(parentOf(pid), pid);
    }
  }
  closedir(proc);
  return children;
}

}  // namespace

std::vector<pid_t> descendantsOf(pid_t root) {
  const auto children = childrenByParent();
  std::vector<pid_t> found{root};
  for (size_t i = 0; i < found.size(); ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    for (auto child = first; child != last; ++child) {
      found.push_back(child->second);
    }
  }
  found.erase(found.begin());
  return found;
}

CpuMeter::CpuMeter(pid_t root) {
  if (root == 0) {
    return;
  }
  for (const pid_t pid : descendantsOf(root)) {
    clockid_t clock = 0;
    if (clock_getcpuclockid(pid, &clock) == 0) {
      clocks_.push_back(clock);
    }
  }
}

uint64_t CpuMeter::readNs() const {
  uint64_t total = 0;
  for (const clockid_t clock : clocks_) {
    timespec used{};
    if (clock_gettime(clock, &used) == 0) {
      total +=
          static_cast<uint64_t>(used.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(used.tv_nsec);
    }
  }
  return total;
}

}  // namespace weft::bench
