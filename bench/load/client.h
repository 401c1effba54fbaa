// What the load clients share: the measured window, and the JSON line they print.

#pragma once

#include <cstdint>
#include <string>

#include "histogram.h"
#include "net.h"
#include "options.h"
#include "poller.h"
#include "process_tree.h"

namespace weft::bench {

// Longer than any stall that a proxy may be forgiven; then the client gives up and says so.
inline constexpr int kPatienceMs = 10'000;

// A warm-up, then the measured time. CPU time of the proxy is read at both ends of the latter. Its
// processes are looked up in the middle of the warm-up: some proxies start one for each connection.
class Window {
 public:
  explicit Window(const Options& options)
      : tree_(static_cast<pid_t>(options.number("tree", 0))),
        lookUpNs_(nowNs() + secondsToNs(options.number("warmup", 0.2)) / 2),
        startNs_(lookUpNs_ + secondsToNs(options.number("warmup", 0.2)) / 2),
        endNs_(startNs_ + secondsToNs(options.number("seconds", 2))) {}

  // True from the start of the measured time on; the first call to see it reads the CPU meter.
  bool open(uint64_t now) {
    if (!lookedUp_ && now >= lookUpNs_) {
      lookedUp_ = true;
      cpu_ = CpuMeter(tree_);
    }
    if (!opened_ && now >= startNs_) {
      opened_ = true;
      openedAtNs_ = now;
      cpuAtOpenNs_ = cpu_.readNs();
    }
    return opened_;
  }

  bool over(uint64_t now) const { return now >= endNs_; }

  void close() {
    cpuNs_ = cpu_.readNs() - cpuAtOpenNs_;
    elapsedNs_ = nowNs() - openedAtNs_;
  }

  uint64_t startNs() const { return startNs_; }

  uint64_t endNs() const { return endNs_; }

  uint64_t cpuNs() const { return cpuNs_; }

  uint64_t elapsedNs() const { return elapsedNs_; }

  size_t processCount() const { return cpu_.processCount(); }

 private:
  pid_t tree_;
  CpuMeter cpu_;
  uint64_t lookUpNs_;
  uint64_t startNs_;
  uint64_t endNs_;
  bool lookedUp_ = false;
  bool opened_ = false;
  uint64_t openedAtNs_ = 0;
  uint64_t cpuAtOpenNs_ = 0;
  uint64_t cpuNs_ = 0;
  uint64_t elapsedNs_ = 0;
};

// One line of JSON on stdout, numbers only.
class JsonLine {
 public:
  void add(const char* name, double value);
  void add(const char* name, uint64_t value);
  // What a window measured: seconds, units, cpuSeconds.
  void addWindow(const Window& window, uint64_t units);
  // P50Us, P90Us, P99Us, P999Us and MaxUs, in microseconds, each name behind `prefix`.
  void addLatency(const Histogram& histogram, const std::string& prefix = "latency");
  void print();

 private:
  std::string text_;
};

// The subcommands.
int runPingPong(const Options& options);
int runBulk(const Options& options);
int runConnectRate(const Options& options);
int runIdle(const Options& options);
int runOpenLoop(const Options& options);
int runHttpOpenLoop(const Options& options);
int runHistogramCheck(const Options& options);
// The only one with a command behind "--".
int runFirstByte(const Options& options, char** command);

}  // namespace weft::bench
