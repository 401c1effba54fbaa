// Start-up time: starts a proxy and tries until one byte has gone through it and come back. The
// time is from just before fork() to that byte. The proxy and everything it started is killed
// afterwards.
//   client first-byte --to ADDR -- COMMAND [ARGUMENT]...

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

namespace weft::bench {

namespace {

constexpr useconds_t kPauseUs = 200;

// True when one byte came back. A proxy may accept and then close while its target is not known.
bool echoOnce(const SocketAddress& target) {
  const int fd = startConnect(target);
  if (fd < 0) {
    return false;
  }
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  char byte = 'w';
  bool echoed = false;
  if (poll(&ready, 1, 1000) == 1 && send(fd, &byte, 1, MSG_NOSIGNAL) == 1) {
    ready.events = POLLIN;
    echoed = poll(&ready, 1, 1000) == 1 && recv(fd, &byte, 1, 0) == 1;
  }
  close(fd);
  return echoed;
}

[[noreturn]] void become(char** command) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  execvp(command[0], command);
  dieErrno(command[0]);
}

void killAll(pid_t child) {
  const auto rest = descendantsOf(child);
  kill(-child, SIGKILL);
  kill(child, SIGKILL);
  for (const pid_t pid : rest) {
    kill(pid, SIGKILL);
  }
  waitpid(child, nullptr, 0);
}

}  // namespace

int runFirstByte(const Options& options, char** command) {
  const SocketAddress target = parseAddress(options.text("to"));
  const uint64_t startNs = nowNs();
  const pid_t child = fork();
  if (child == 0) {
    become(command);
  }
  uint64_t now = startNs;
  bool ended = false;
  bool echoed = false;
  while (!echoed && !ended && now < startNs + kPatienceMs * uint64_t{1'000'000}) {
    echoed = echoOnce(target);
    now = nowNs();
    ended = !echoed && waitpid(child, nullptr, WNOHANG) != 0;
    if (!echoed && !ended) {
      usleep(kPauseUs);
    }
  }
  if (!ended) {
    killAll(child);
  }
  if (!echoed) {
    die(ended ? "first-byte: the command ended" : "first-byte: no byte came back for 10 s");
  }
  JsonLine line;
  line.add("startMs", static_cast<double>(now - startNs) / 1e6);
  line.print();
  return 0;
}

}  // namespace weft::bench
