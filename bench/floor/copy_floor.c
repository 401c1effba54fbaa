// The copy floor: the smallest honest TCP forwarder. One thread, edge-triggered epoll, one shared
// 256 KiB buffer, half-close both ways, RST forwarded. Usage: copy_floor LISTEN TARGET

#include "floor.h"

enum { kBufferBytes = 256 * 1024 };

struct side {
  struct side* peer;  // also says which pair: the accepted side is the first of two in one block
  unsigned char* pending;  // bytes that the socket did not take yet; null when there are none
  uint32_t pendingStart;
  uint32_t pendingEnd;
  int fd;
  bool accepted;
  bool readable;   // an edge was seen and EAGAIN or a short read was not
  bool hangup;     // the other end sent FIN, or the socket failed: read to the end
  bool readEnded;  // read() returned 0
  bool finSent;
};

static unsigned char buffer[kBufferBytes];
static struct side* doomed;  // pairs to free at the end of the turn, linked through peer

static void endPair(struct side* side, bool reset) {
  struct side* first = side->accepted ? side : side->peer;
  if (first->fd < 0) {
    return;
  }
  for (int i = 0; i < 2; ++i) {
    if (reset) {
      resetAndClose(first[i].fd);
    } else {
      close(first[i].fd);
    }
    free(first[i].pending);
    first[i].fd = -1;
  }
  first[1].peer = doomed;
  doomed = &first[1];
}

// Returns false when the pair is gone.
static bool flush(struct side* to) {
  if (to->pending == NULL) {
    return true;
  }
  const ssize_t n =
      send(to->fd, to->pending + to->pendingStart, to->pendingEnd - to->pendingStart, MSG_NOSIGNAL);
  if (n < 0) {
    if (errno == EAGAIN) {
      return true;
    }
    endPair(to, true);
    return false;
  }
  to->pendingStart += (uint32_t)n;
  if (to->pendingStart == to->pendingEnd) {
    free(to->pending);
    to->pending = NULL;
  }
  return true;
}

static bool forward(struct side* to, size_t length) {
  ssize_t n = send(to->fd, buffer, length, MSG_NOSIGNAL);
  if (n < 0) {
    if (errno != EAGAIN) {
      endPair(to, true);
      return false;
    }
    n = 0;
  }
  if ((size_t)n < length) {
    to->pending = malloc(length - (size_t)n);
    memcpy(to->pending, buffer + n, length - (size_t)n);
    to->pendingStart = 0;
    to->pendingEnd = (uint32_t)(length - (size_t)n);
  }
  return true;
}

static void passFin(struct side* from) {
  struct side* to = from->peer;
  if (!from->readEnded || to->pending != NULL || to->finSent) {
    return;
  }
  to->finSent = true;
  if (from->finSent) {
    endPair(from, false);  // both directions are done: close() sends the FIN
  } else {
    shutdown(to->fd, SHUT_WR);
  }
}

static void pump(struct side* from) {
  struct side* to = from->peer;
  while (from->readable && to->pending == NULL && !from->readEnded) {
    const ssize_t n = recv(from->fd, buffer, kBufferBytes, 0);
    if (n < 0) {
      if (errno != EAGAIN) {
        endPair(from, true);
        return;
      }
      from->readable = false;
    } else if (n == 0) {
      from->readEnded = true;
    } else {
      from->readable = n == kBufferBytes || from->hangup;
      if (!forward(to, (size_t)n)) {
        return;
      }
    }
  }
  passFin(from);
}

static void acceptOne(int epoll, int listener, const struct sockaddr_in* target) {
  const int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  if (client < 0) {
    return;
  }
  const int upstream = connectTo(target);
  if (upstream < 0) {
    resetAndClose(client);
    return;
  }
  struct side* pair = calloc(2, sizeof *pair);
  pair[0] = (struct side){.peer = &pair[1], .fd = client, .accepted = true};
  pair[1] = (struct side){.peer = &pair[0], .fd = upstream};
  const uint32_t all = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  watch(epoll, client, all, &pair[0]);
  watch(epoll, upstream, all, &pair[1]);
}

static void serve(struct side* side, uint32_t events) {
  if (side->fd < 0) {
    return;  // ended earlier in this turn
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    side->readable = true;
    side->hangup = side->hangup || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  }
  if (side->pending != NULL && (events & EPOLLOUT) != 0) {
    if (!flush(side)) {
      return;
    }
    pump(side->peer);
    if (side->fd < 0) {
      return;
    }
  }
  if (side->readable) {
    pump(side);
  }
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: copy_floor LISTEN TARGET\n");
    return 2;
  }
  prepareProcess();
  const int listener = listenOn(argv[1]);
  const struct sockaddr_in target = parseAddress(argv[2]);
  const int epoll = epoll_create1(0);
  watch(epoll, listener, EPOLLIN, NULL);
  struct epoll_event events[kEventsMax];
  for (;;) {
    const int count = epoll_wait(epoll, events, kEventsMax, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == NULL) {
        acceptOne(epoll, listener, &target);
      } else {
        serve(events[i].data.ptr, events[i].events);
      }
    }
    while (doomed != NULL) {
      struct side* next = doomed->peer;
      free(doomed - 1);
      doomed = next;
    }
  }
}
