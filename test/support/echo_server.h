// EchoServer: a real endpoint on loopback in a thread of its own: sends back what it gets, ends its
// half when the other side has. BlockingClient: a real client, one call after another, with a limit
// on how long it waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/address.h"

namespace weft::test {

class EchoServer {
 public:
  EchoServer() : EchoServer(base::Address::ipv4({127, 0, 0, 1}, 0)) {}

  explicit EchoServer(const base::Address& address);
  ~EchoServer();

  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  [[nodiscard]] const base::Address& address() const { return address_; }

  [[nodiscard]] std::uint32_t acceptedCount() const { return acceptedCount_; }

 private:
  void serve();
  [[nodiscard]] static bool echo(int fd);

  base::Address address_;
  int listener_;
  int wakeRead_ = -1;
  int wakeWrite_ = -1;
  std::atomic<std::uint32_t> acceptedCount_{0};
  std::thread thread_;
};

class BlockingClient {
 public:
  BlockingClient() = default;

  ~BlockingClient() { close(); }

  BlockingClient(BlockingClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  BlockingClient& operator=(BlockingClient&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  /// 0, or the errno of the connect.
  [[nodiscard]] int connect(const base::Address& address);

  /// Sends and waits for the same bytes; 0 when they came, else the errno (ENODATA for an end).
  [[nodiscard]] int echo(std::string_view bytes);

  /// Waits for the end: 0 when it came in order, else the errno.
  [[nodiscard]] int waitForEnd();

  /// Something has come, or the connection has ended.
  [[nodiscard]] bool readable(int timeoutMs) const;

  void finish();
  void close();

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace weft::test
