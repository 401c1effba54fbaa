// What both floors share: sockets, and the pair of descriptors that one forwarded connection is.
// A floor does the system calls that a TCP proxy cannot do without and nothing else: no limits, no
// timeouts, no counters, no second thread. It is what a proxy's cost is divided by.

#pragma once

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kEventsMax = 256, kBacklog = 4096 };

static void die(const char* what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static struct sockaddr_in parseAddress(const char* text) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  const char* colon = strrchr(text, ':');
  char host[INET_ADDRSTRLEN] = {0};
  const size_t length = colon == NULL ? 0 : (size_t)(colon - text);
  if (length == 0 || length >= sizeof host) {
    fprintf(stderr, "floor: '%s' is no address: write it as 127.0.0.1:8080\n", text);
    exit(2);
  }
  memcpy(host, text, length);
  address.sin_port = htons((uint16_t)atoi(colon + 1));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
    fprintf(stderr, "floor: '%s' is no IPv4 address\n", host);
    exit(2);
  }
  return address;
}

static void setNoDelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// TCP_NODELAY on the listening socket is inherited by what it accepts: one call less for each
// connection.
static int listenOn(const char* text) {
  const struct sockaddr_in address = parseAddress(text);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setNoDelay(fd);
  if (bind(fd, (const struct sockaddr*)&address, sizeof address) != 0 ||
      listen(fd, kBacklog) != 0) {
    die(text);
  }
  return fd;
}

// The connection is usually established when connect() returns EINPROGRESS on loopback; nobody
// waits for it here, the first write does.
static int connectTo(const struct sockaddr_in* target) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return -1;
  }
  setNoDelay(fd);
  if (connect(fd, (const struct sockaddr*)target, sizeof *target) != 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

// splice() to a socket whose peer has gone raises SIGPIPE; no flag of it says otherwise.
static void prepareProcess(void) {
  signal(SIGPIPE, SIG_IGN);
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static void watch(int epoll, int fd, uint32_t events, void* owner) {
  struct epoll_event event = {.events = events, .data.ptr = owner};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
    die("epoll_ctl");
  }
}

static void resetAndClose(int fd) {
  const struct linger abort = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  close(fd);
}
