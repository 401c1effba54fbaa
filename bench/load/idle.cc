// Connections that say one thing and then nothing. Opens them in steps, prints a line when a step
// is reached (each connection has had one 64-byte echo, or with --http 1 one answer to a request),
// and waits for a byte on stdin before the next.
//   client idle --to ADDR --steps 1000,8000 [--http 1]

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "http_reader.h"

namespace weft::bench {

namespace {

constexpr std::string_view kRequest = "GET /get-1 HTTP/1.1\r\nHost: bench\r\n\r\n";

void sayOrDie(int fd, std::string_view bytes) {
  if (send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    dieErrno("idle: sending");
  }
}

// What has come, into `bytes`, after waiting for it.
std::string_view hearOrDie(int fd, std::span<char> bytes) {
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  if (poll(&readable, 1, kPatienceMs) != 1) {
    die("idle: no answer for 10 s");
  }
  const ssize_t n = recv(fd, bytes.data(), bytes.size(), 0);
  if (n <= 0) {
    die("idle: the connection was closed");
  }
  return {bytes.data(), static_cast<size_t>(n)};
}

void echoOrDie(int fd) {
  std::array<char, 64> bytes{};
  sayOrDie(fd, {bytes.data(), bytes.size()});
  for (size_t received = 0; received < bytes.size();) {
    received += hearOrDie(fd, std::span(bytes).subspan(received)).size();
  }
}

void requestOrDie(int fd) {
  sayOrDie(fd, kRequest);
  HttpReader reader;
  std::array<char, 4096> bytes{};
  while (!reader.complete()) {
    reader.feed(hearOrDie(fd, bytes));
    if (reader.broken()) {
      die("idle: the answer is no HTTP");
    }
  }
  if (reader.status() != 200 || reader.closes()) {
    die("idle: answered with " + std::to_string(reader.status()));
  }
}

}  // namespace

int runIdle(const Options& options) {
  const SocketAddress target = parseAddress(options.text("to"));
  const std::string steps = options.text("steps");
  const bool http = options.number("http", 0) != 0;
  std::vector<int> open;
  for (size_t at = 0; at < steps.size();) {
    size_t end = steps.find(',', at);
    end = end == std::string::npos ? steps.size() : end;
    const size_t wanted = std::stoul(steps.substr(at, end - at));
    while (open.size() < wanted) {
      open.push_back(connectOrDie(target, kPatienceMs));
      http ? requestOrDie(open.back()) : echoOrDie(open.back());
    }
    JsonLine line;
    line.add("connections", uint64_t{open.size()});
    line.print();
    char go = 0;
    if (read(STDIN_FILENO, &go, 1) != 1) {
      return 0;
    }
    at = end + 1;
  }
  return 0;
}

}  // namespace weft::bench
