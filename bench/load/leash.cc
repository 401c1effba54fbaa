// Runs one command on a leash: when the leash's stdin closes, because the bench closed it or died
// in whatever way, the command and everything it started is ended (SIGTERM, then SIGKILL) and a
// temporary folder, if one was named, is removed. Nothing keeps listening after a bench.
//   leash [--cpu N] [--remove FOLDER] [-- COMMAND [ARGUMENT]...]
// Exits with the command's status, or 0 when it was told to end it.

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"
#include "process_tree.h"

namespace {

using weft::bench::descendantsOf;

constexpr int kGraceMs = 500;
constexpr int kStepMs = 10;

int removeEntry(const char* path, const struct stat* /*info*/, int /*type*/, FTW* /*position*/) {
  return remove(path);
}

// Only what lies under a temporary folder that a bench made.
void removeFolder(const char* path) {
  if (std::strstr(path, "weft-bench-") == nullptr) {
    std::fprintf(stderr, "leash: %s is no folder of a bench, kept\n", path);
    return;
  }
  nftw(path, removeEntry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void signalAll(int signal) {
  for (const pid_t pid : descendantsOf(getpid())) {
    kill(pid, signal);
  }
}

// Orphans of the command are adopted by the leash, so that waiting for all of them is possible.
void endAll() {
  signalAll(SIGTERM);
  for (int waited = 0; waited < kGraceMs && !descendantsOf(getpid()).empty(); waited += kStepMs) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    usleep(kStepMs * 1000);
  }
  while (!descendantsOf(getpid()).empty()) {
    signalAll(SIGKILL);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    usleep(1000);
  }
}

// Waits for the end of stdin, a signal, or the end of `child`. Returns the exit status to give.
int holdUntilLoose(pid_t child, int signals) {
  pollfd watched[2] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                       {.fd = signals, .events = POLLIN, .revents = 0}};
  for (;;) {
    poll(watched, 2, -1);
    char byte = 0;
    if (watched[0].revents != 0 && read(STDIN_FILENO, &byte, 1) <= 0) {
      return 0;
    }
    signalfd_siginfo info{};
    if (watched[1].revents == 0 || read(signals, &info, sizeof info) != sizeof info) {
      continue;
    }
    if (info.ssi_signo != SIGCHLD) {
      return 0;
    }
    int status = 0;
    for (pid_t ended = 0; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (ended == child) {
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* folder = nullptr;
  int at = 1;
  if (at + 1 < argc && std::strcmp(argv[at], "--cpu") == 0) {
    weft::bench::pinTo(std::atoi(argv[at + 1]));
    at += 2;
  }
  if (at + 1 < argc && std::strcmp(argv[at], "--remove") == 0) {
    folder = argv[at + 1];
    at += 2;
  }
  char** command = at + 1 < argc && std::strcmp(argv[at], "--") == 0 ? argv + at + 1 : nullptr;
  sigset_t watched;
  sigset_t before;
  sigemptyset(&watched);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&watched, signal);
  }
  sigprocmask(SIG_BLOCK, &watched, &before);
  const int signals = signalfd(-1, &watched, SFD_CLOEXEC);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t child = 0;
  if (command != nullptr) {
    child = fork();
    if (child == 0) {
      sigprocmask(SIG_SETMASK, &before, nullptr);
      dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
      execvp(command[0], command);
      weft::bench::dieErrno(command[0]);
    }
  }
  const int status = holdUntilLoose(child, signals);
  endAll();
  if (folder != nullptr) {
    removeFolder(folder);
  }
  return status;
}
