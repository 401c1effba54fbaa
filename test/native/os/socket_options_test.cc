// What connections are set to: small messages leave at once, dead peers are noticed, urgent data
// stays in its place.
#include "os/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "os/kernel_sockets.h"
#include "support/kernel_address.h"

namespace weft::os {
namespace {

int optionOf(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof(value);
  EXPECT_EQ(getsockopt(fd, level, name, &value, &length), 0);
  return value;
}

void expectOptions(int fd, int idleSeconds) {
  EXPECT_EQ(optionOf(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(optionOf(fd, SOL_SOCKET, SO_OOBINLINE), 1);
  EXPECT_EQ(optionOf(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(optionOf(fd, IPPROTO_TCP, TCP_KEEPIDLE), idleSeconds);
  EXPECT_EQ(optionOf(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
  EXPECT_EQ(optionOf(fd, IPPROTO_TCP, TCP_KEEPCNT), 5);
  EXPECT_EQ(optionOf(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
}

class SocketOptionsTest : public testing::Test {
 protected:
  StreamOptions stream{.keepalive = {.idle = std::chrono::seconds(60),
                                     .interval = std::chrono::seconds(7),
                                     .probesMax = 5},
                       .userTimeout = std::chrono::seconds(30)};
  KernelSockets sockets;
};

TEST_F(SocketOptionsTest, AreOnBothSidesOfAConnection) {
  const int listener = sockets
                           .listen({.address = base::Address::ipv4({127, 0, 0, 1}, 0),
                                    .backlogCount = 8,
                                    .unixMode = {},
                                    .stream = stream})
                           .value();
  const base::Address address = test::boundAddress(listener);
  stream.keepalive.idle = std::chrono::seconds(61);
  const int upstream = sockets.connect(address, stream).value();
  const Accepted downstream = sockets.accept(listener);
  ASSERT_NE(downstream.fd, kNoFd);
  expectOptions(downstream.fd, 60);
  expectOptions(upstream, 61);
  sockets.close(upstream);
  sockets.close(downstream.fd);
  sockets.close(listener);
}

TEST_F(SocketOptionsTest, ChangeForConnectionsAcceptedLater) {
  ListenOptions options{.address = base::Address::ipv4({127, 0, 0, 1}, 0),
                        .backlogCount = 8,
                        .unixMode = {},
                        .stream = {}};
  const int listener = sockets.listen(options).value();
  options.stream = stream;
  sockets.setListenOptions(listener, options);
  const int client = sockets.connect(test::boundAddress(listener), {}).value();
  const Accepted accepted = sockets.accept(listener);
  ASSERT_NE(accepted.fd, kNoFd);
  expectOptions(accepted.fd, 60);
  EXPECT_EQ(optionOf(client, SOL_SOCKET, SO_KEEPALIVE), 0) << "none was asked for";
  EXPECT_EQ(optionOf(client, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
  sockets.close(client);
  sockets.close(accepted.fd);
  sockets.close(listener);
}

TEST_F(SocketOptionsTest, RoundUpToWholeSecondsWithinTheKernelsBounds) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  stream.keepalive = {.idle = std::chrono::milliseconds(1500),
                      .interval = std::chrono::hours(24),
                      .probesMax = 1000};
  applyStreamOptions(fd, stream);
  EXPECT_EQ(optionOf(fd, IPPROTO_TCP, TCP_KEEPIDLE), 2);
  EXPECT_EQ(optionOf(fd, IPPROTO_TCP, TCP_KEEPINTVL), 32'767);
  EXPECT_EQ(optionOf(fd, IPPROTO_TCP, TCP_KEEPCNT), 127);
  ::close(fd);
}

TEST_F(SocketOptionsTest, DoNotLetASecondInstanceBind) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  allowAddressReuse(fd);
  EXPECT_EQ(optionOf(fd, SOL_SOCKET, SO_REUSEADDR), 1);
  EXPECT_EQ(optionOf(fd, SOL_SOCKET, SO_REUSEPORT), 0);
  ::close(fd);
}

}  // namespace
}  // namespace weft::os
