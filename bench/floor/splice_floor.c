// The splice floor: the smallest honest TCP forwarder for bulk. One thread, edge-triggered epoll,
// one 1 MiB pipe for each direction, made when the direction first carries something, half-close
// both ways, RST forwarded. Usage: splice_floor LISTEN TARGET

#include "floor.h"

enum { kPipeBytes = 1024 * 1024 };

struct side {
  struct side* peer;
  size_t inPipe;  // bytes read from this side and not yet written to its peer
  int fd;
  int pipe[2];  // carries what this side sends; {-1, -1} until it sends something
  bool accepted;
  bool readable;
  bool readEnded;
  bool finSent;
};

static struct side* doomed;

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
    if (first[i].pipe[0] >= 0) {
      close(first[i].pipe[0]);
      close(first[i].pipe[1]);
    }
    first[i].fd = -1;
  }
  first[1].peer = doomed;
  doomed = &first[1];
}

static bool havePipe(struct side* side) {
  if (side->pipe[0] >= 0) {
    return true;
  }
  if (pipe2(side->pipe, O_NONBLOCK) != 0) {
    side->pipe[0] = -1;
    return false;
  }
  fcntl(side->pipe[1], F_SETPIPE_SZ, kPipeBytes);
  return true;
}

// Moves what the pipe holds to the peer. Returns false when the pair is gone.
static bool drain(struct side* from) {
  while (from->inPipe > 0) {
    const ssize_t n = splice(from->pipe[0], NULL, from->peer->fd, NULL, from->inPipe,
                             SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n < 0) {
      if (errno == EAGAIN) {
        return true;
      }
      endPair(from, true);
      return false;
    }
    from->inPipe -= (size_t)n;
  }
  return true;
}

static void passFin(struct side* from) {
  struct side* to = from->peer;
  if (!from->readEnded || from->inPipe > 0 || to->finSent) {
    return;
  }
  to->finSent = true;
  if (from->finSent) {
    endPair(from, false);
  } else {
    shutdown(to->fd, SHUT_WR);
  }
}

// An EAGAIN from the reading splice means "socket empty" only because the pipe was drained first:
// with bytes in it, it could as well mean "no slot left".
static void pump(struct side* from) {
  if (!havePipe(from)) {
    endPair(from, true);
    return;
  }
  for (;;) {
    if (!drain(from)) {
      return;
    }
    if (from->inPipe > 0 || !from->readable || from->readEnded) {
      break;
    }
    const ssize_t n =
        splice(from->fd, NULL, from->pipe[1], NULL, kPipeBytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n < 0) {
      if (errno != EAGAIN) {
        endPair(from, true);
        return;
      }
      from->readable = false;
    } else if (n == 0) {
      from->readEnded = true;
    } else {
      from->inPipe = (size_t)n;
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
  pair[0] = (struct side){.peer = &pair[1], .fd = client, .pipe = {-1, -1}, .accepted = true};
  pair[1] = (struct side){.peer = &pair[0], .fd = upstream, .pipe = {-1, -1}};
  const uint32_t all = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  watch(epoll, client, all, &pair[0]);
  watch(epoll, upstream, all, &pair[1]);
}

static void serve(struct side* side, uint32_t events) {
  if (side->fd < 0) {
    return;
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    side->readable = true;
  }
  if (side->peer->inPipe > 0 && (events & EPOLLOUT) != 0) {
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
    fprintf(stderr, "usage: splice_floor LISTEN TARGET\n");
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
