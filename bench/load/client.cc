// The load clients: client NAME --option value ... Each prints one JSON line and ends by itself.
// Every client takes --cpu N (run on that CPU only) and --awake 1 (a process of the idle class
// keeps the CPU from sleeping, so that the time a virtual machine needs to wake it is not
// measured), and --awake-cpu N for the CPU of the proxy, where that is another one.

#include "client.h"

#include <cstdio>
#include <cstring>
#include <optional>

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace weft::bench {

void JsonLine::add(const char* name, double value) {
  char field[96];
  std::snprintf(field, sizeof field, "%s\"%s\":%.9g", text_.empty() ? "" : ",", name, value);
  text_ += field;
}

void JsonLine::add(const char* name, uint64_t value) {
  add(name, static_cast<double>(value));
}

void JsonLine::addWindow(const Window& window, uint64_t units) {
  add("seconds", static_cast<double>(window.elapsedNs()) / 1e9);
  add("units", units);
  add("cpuSeconds", static_cast<double>(window.cpuNs()) / 1e9);
  add("processes", uint64_t{window.processCount()});
}

void JsonLine::addLatency(const Histogram& histogram, const std::string& prefix) {
  constexpr std::pair<const char*, double> kQuantiles[] = {
      {"P50Us", 0.5}, {"P90Us", 0.9}, {"P99Us", 0.99}, {"P999Us", 0.999}};
  for (const auto& [name, q] : kQuantiles) {
    add((prefix + name).c_str(), static_cast<double>(histogram.quantile(q)) / 1e3);
  }
  add((prefix + "MaxUs").c_str(), static_cast<double>(histogram.max()) / 1e3);
}

void JsonLine::print() {
  std::printf("{%s}\n", text_.c_str());
  std::fflush(stdout);
  text_.clear();
}

}  // namespace weft::bench

namespace {

struct Command {
  const char* name;
  int (*run)(const weft::bench::Options&);
};

constexpr Command kCommands[] = {{"ping-pong", weft::bench::runPingPong},
                                 {"bulk", weft::bench::runBulk},
                                 {"connect-rate", weft::bench::runConnectRate},
                                 {"idle", weft::bench::runIdle},
                                 {"open-loop", weft::bench::runOpenLoop},
                                 {"http-open-loop", weft::bench::runHttpOpenLoop},
                                 {"histogram-check", weft::bench::runHistogramCheck}};

// Schedulers that group processes by session (autogroup) weigh groups against each other, whatever
// class their members are of: in the group of the load, this process would take turns with a proxy.
void becomeTheLeastGroup() {
  setsid();
  std::FILE* nice = std::fopen("/proc/self/autogroup", "w");
  if (nice != nullptr) {  // absent where sessions are not grouped
    std::fputs("19", nice);
    std::fclose(nice);
  }
}

// Ends with its parent. Any other process that wants the CPU gets it at once.
void keepAwake(std::optional<int> cpu) {
  const pid_t parent = getpid();
  if (fork() != 0) {
    return;
  }
  if (cpu) {
    weft::bench::pinTo(*cpu);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  becomeTheLeastGroup();
  const sched_param priority{};
  sched_setscheduler(0, SCHED_IDLE, &priority);
  close(STDOUT_FILENO);
  while (getppid() == parent) {
    for (int i = 0; i < 1'000'000; ++i) {
      asm volatile("" ::: "memory");
    }
  }
  _exit(0);
}

// Where the command behind "--" begins, or argc.
int separatorIn(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--") == 0) {
      return i;
    }
  }
  return argc;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace weft::bench;
  const std::string name = argc > 1 ? argv[1] : "";
  raiseDescriptorLimit();
  useExactTimers();
  const int separator = separatorIn(argc, argv);
  const Options options(separator, argv, 2);
  if (options.has("cpu")) {
    pinTo(static_cast<int>(options.number("cpu", 0)));
  }
  if (options.number("awake", 0) != 0) {
    keepAwake(std::nullopt);
  }
  if (options.has("awake-cpu")) {
    keepAwake(static_cast<int>(options.number("awake-cpu", 0)));
  }
  if (name == "first-byte" && separator + 1 < argc) {
    return runFirstByte(options, argv + separator + 1);
  }
  for (const auto& command : kCommands) {
    if (name == command.name) {
      return command.run(options);
    }
  }
  std::fprintf(stderr,
               "usage: client ping-pong|bulk|connect-rate|idle|open-loop|http-open-loop|"
               "histogram-check --to ADDRESS [--name value]...\n"
               "       client first-byte --to ADDRESS -- COMMAND [ARGUMENT]...\n");
  return 2;
}
