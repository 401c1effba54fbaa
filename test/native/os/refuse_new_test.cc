// A listener that is about to close, on the real kernel: who waits in its queue is accepted, nobody
// else gets in.
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/address.h"
#include "os/kernel_sockets.h"

namespace weft::os {
namespace {

std::uint16_t portOf(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what getsockname takes.
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  return ntohs(address.sin_port);
}

int listenOn(KernelSockets& sockets, const base::Address& address) {
  ListenOptions options;
  options.address = address;
  options.backlogCount = 16;
  return sockets.listen(options).value();
}

TEST(RefuseNewTest, WhoWaitsOnTcpIsAcceptedAndNobodyElseIsLetIn) {
  KernelSockets sockets;
  const base::Address any = base::Address::ipv4({127, 0, 0, 1}, 0);
  const int listener = listenOn(sockets, any);
  const base::Address address = base::Address::ipv4({127, 0, 0, 1}, portOf(listener));
  const int waiting = sockets.connect(address, {}).value();

  EXPECT_GT(sockets.refuseNew(listener), base::Duration::zero());
  const int late = sockets.connect(address, {}).value();
  const Accepted first = sockets.accept(listener);
  EXPECT_NE(first.fd, kNoFd);
  const Accepted none = sockets.accept(listener);
  EXPECT_EQ(none.fd, kNoFd);
  EXPECT_EQ(none.sysErrno, EAGAIN);
  sockets.closeListener(listener, address);

  // The one that was let in works both ways, after the listener is gone.
  const std::array<std::byte, 3> sent{};
  std::array<std::byte, 8> received{};
  EXPECT_EQ(sockets.write(waiting, sent).bytes, 3U);
  EXPECT_EQ(sockets.read(first.fd, received).bytes, 3U);
  EXPECT_EQ(sockets.write(first.fd, sent).bytes, 3U);
  EXPECT_EQ(sockets.read(waiting, received).bytes, 3U);
  // The late one was never connected: it has nobody to be reset by.
  const IoResult nothing = sockets.read(late, received);
  EXPECT_NE(nothing.status, IoStatus::Ok);
  EXPECT_NE(nothing.sysErrno, ECONNRESET);
  sockets.close(waiting);
  sockets.close(late);
  sockets.close(first.fd);
}

TEST(RefuseNewTest, WhoIsWithinAHandshakeOnTcpIsAccepted) {
  KernelSockets sockets;
  const int listener = listenOn(sockets, base::Address::ipv4({127, 0, 0, 1}, 0));
  const base::Address address = base::Address::ipv4({127, 0, 0, 1}, portOf(listener));
  // The kernel does not count a client's answer without bytes: its handshake goes on.
  const int seconds = 10;
  ASSERT_EQ(setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)), 0);
  const int client = sockets.connect(address, {}).value();
  ASSERT_EQ(sockets.accept(listener).sysErrno, EAGAIN);

  static_cast<void>(sockets.refuseNew(listener));
  const std::array<std::byte, 3> sent{};
  ASSERT_EQ(sockets.write(client, sent).bytes, 3U);
  const Accepted accepted = sockets.accept(listener);
  EXPECT_NE(accepted.fd, kNoFd);
  std::array<std::byte, 8> received{};
  EXPECT_EQ(sockets.read(accepted.fd, received).bytes, 3U);
  sockets.closeListener(listener, address);
  sockets.close(client);
  sockets.close(accepted.fd);
}

TEST(RefuseNewTest, WhoWaitsOnAUnixSocketIsAcceptedAndNobodyElseIsLetIn) {
  KernelSockets sockets;
  const std::string path = testing::TempDir() + "/weft-refuse-" + std::to_string(getpid());
  const base::Address address = base::Address::unixPath(path);
  const int listener = listenOn(sockets, address);
  const int waiting = sockets.connect(address, {}).value();

  EXPECT_EQ(sockets.refuseNew(listener), base::Duration::zero());
  const auto late = sockets.connect(address, {});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().sysErrno, ECONNREFUSED);
  const Accepted first = sockets.accept(listener);
  EXPECT_NE(first.fd, kNoFd);
  const Accepted none = sockets.accept(listener);
  EXPECT_EQ(none.fd, kNoFd);
  EXPECT_EQ(none.sysErrno, EAGAIN);
  sockets.closeListener(listener, address);
  sockets.close(waiting);
  sockets.close(first.fd);
}

}  // namespace
}  // namespace weft::os
