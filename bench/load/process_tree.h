// The processes of one proxy: all descendants of the leash that started it, threads and workers
// included. CPU time comes from each process's CPU clock, which is utime + stime of /proc/PID/stat
// to the nanosecond instead of to the 10 ms tick, ended threads included.

#pragma once

#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace weft::bench {

// Descendants of `root`, without `root`, as they are now.
std::vector<pid_t> descendantsOf(pid_t root);

class CpuMeter {
 public:
  CpuMeter() = default;
  // A meter over the descendants of `root`; 0 measures nothing and reads 0.
  explicit CpuMeter(pid_t root);

  // CPU time that these processes have used since they started; what has ended counts 0.
  uint64_t readNs() const;

  size_t processCount() const { return clocks_.size(); }

 private:
  std::vector<clockid_t> clocks_;
};

}  // namespace weft::bench
