// The kernel's sockets behind the interface: families, stale socket files, what each answer
// becomes, pipes and splice.
#include "os/kernel_sockets.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/kernel_address.h"

namespace weft::os {
namespace {

using base::Address;
using base::ErrorCode;

Address parse(const std::string& text) {
  return Address::parse(text).value();
}

bool readable(int fd) {
  pollfd poll{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, 2000) == 1;
}

bool writable(int fd) {
  pollfd poll{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&poll, 1, 2000) == 1;
}

class KernelSocketsTest : public testing::Test {
 protected:
  KernelSocketsTest() {
    std::string pattern = "/tmp/weft-test-XXXXXX";
    folder = ::mkdtemp(pattern.data());
  }

  ~KernelSocketsTest() override {
    for (const char* name : {"/a.sock", "/file"}) {
      ::unlink((folder + name).c_str());
    }
    ::rmdir(folder.c_str());
  }

  [[nodiscard]] ListenOptions optionsFor(const Address& address) const {
    return {.address = address, .backlogCount = 16, .unixMode = {}, .stream = {}};
  }

  [[nodiscard]] int listenOn(const Address& address) {
    const auto fd = sockets.listen(optionsFor(address));
    EXPECT_TRUE(fd.ok()) << address.toString();
    return fd.ok() ? fd.value() : kNoFd;
  }

  [[nodiscard]] Accepted acceptFrom(int listener) {
    EXPECT_TRUE(readable(listener));
    return sockets.accept(listener);
  }

  /// A connected pair over the listener's address.
  void connectPair(int listener, const Address& address) {
    const auto connected = sockets.connect(address, {});
    ASSERT_TRUE(connected.ok());
    client = connected.value();
    const Accepted accepted = acceptFrom(listener);
    ASSERT_NE(accepted.fd, kNoFd);
    server = accepted.fd;
    peer = accepted.peer;
    ASSERT_TRUE(writable(client));
    ASSERT_EQ(sockets.connectError(client), 0);
  }

  void connectTcp() {
    const int listener = listenOn(parse("127.0.0.1:0"));
    connectPair(listener, test::boundAddress(listener));
    sockets.close(listener);
  }

  void expectCarries() {
    const std::string text = "over here";
    EXPECT_EQ(sockets.write(client, base::bytesOf(text)).bytes, text.size());
    ASSERT_TRUE(readable(server));
    std::array<std::byte, 100> got{};
    EXPECT_EQ(sockets.read(server, got).bytes, text.size());
  }

  void closePair() {
    sockets.close(client);
    sockets.close(server);
  }

  KernelSockets sockets;
  std::string folder;
  int client = kNoFd;
  int server = kNoFd;
  Address peer;
};

TEST_F(KernelSocketsTest, CarriesIpv4) {
  connectTcp();
  EXPECT_EQ(peer.family(), base::AddressFamily::Ipv4);
  EXPECT_EQ(peer, test::boundAddress(client));
  EXPECT_EQ(sockets.peerAddress(server), peer);
  expectCarries();
  closePair();
}

TEST_F(KernelSocketsTest, CarriesIpv6) {
  const int listener = listenOn(parse("[::1]:0"));
  connectPair(listener, test::boundAddress(listener));
  EXPECT_EQ(peer.family(), base::AddressFamily::Ipv6);
  expectCarries();
  closePair();
  sockets.close(listener);
}

TEST_F(KernelSocketsTest, CarriesBothFamiliesOnOneSocket) {
  const int listener = listenOn(parse("[::]:0"));
  const auto port = test::boundAddress(listener).port();
  connectPair(listener, Address::ipv4({127, 0, 0, 1}, port));
  expectCarries();
  closePair();
  connectPair(listener, parse("[::1]:" + std::to_string(port)));
  expectCarries();
  closePair();
  sockets.close(listener);
}

TEST_F(KernelSocketsTest, KeepsAnIpv6OnlySocketFreeOfIpv4) {
  ListenOptions options = optionsFor(parse("[::]:0"));
  options.ipv6Only = true;
  const int listener = sockets.listen(options).value();
  const auto port = test::boundAddress(listener).port();
  const int other = listenOn(Address::ipv4({0, 0, 0, 0}, port));
  EXPECT_NE(other, kNoFd) << "the IPv4 port is free";
  sockets.close(other);
  sockets.close(listener);
}

TEST_F(KernelSocketsTest, CarriesUnixSockets) {
  const Address address = Address::unixPath(folder + "/a.sock");
  const int listener = listenOn(address);
  connectPair(listener, address);
  EXPECT_EQ(peer, Address::unixPath({})) << "a client has no name";
  expectCarries();
  closePair();
  sockets.closeListener(listener, address);
  EXPECT_NE(::access(address.path().c_str(), F_OK), 0) << "the file is removed";
}

TEST_F(KernelSocketsTest, GivesAUnixSocketItsMode) {
  ListenOptions options = optionsFor(Address::unixPath(folder + "/a.sock"));
  options.unixMode = 0600;
  const int listener = sockets.listen(options).value();
  struct stat status{};
  ASSERT_EQ(::stat(options.address.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  options.unixMode = 0660;
  sockets.setListenOptions(listener, options);
  ASSERT_EQ(::stat(options.address.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
  sockets.closeListener(listener, options.address);
}

TEST_F(KernelSocketsTest, ReplacesAStaleUnixSocketFile) {
  const Address address = Address::unixPath(folder + "/a.sock");
  // Closed without unlink, as by a process that was killed.
  sockets.close(listenOn(address));
  ASSERT_EQ(::access(address.path().c_str(), F_OK), 0);
  const int listener = listenOn(address);
  connectPair(listener, address);
  closePair();
  sockets.closeListener(listener, address);
}

TEST_F(KernelSocketsTest, LeavesAUnixSocketThatSomebodyListensOn) {
  const Address address = Address::unixPath(folder + "/a.sock");
  const int first = listenOn(address);
  const auto second = sockets.listen(optionsFor(address));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::InUse);
  // Whether somebody listens is found out by connecting.
  sockets.close(acceptFrom(first).fd);
  connectPair(first, address);
  expectCarries();
  closePair();
  sockets.closeListener(first, address);
}

TEST_F(KernelSocketsTest, LeavesAFileThatIsNoSocket) {
  const std::string path = folder + "/file";
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  ::close(file);
  const auto listener = sockets.listen(optionsFor(Address::unixPath(path)));
  ASSERT_FALSE(listener.ok());
  EXPECT_EQ(listener.error().code, ErrorCode::InUse);
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
}

TEST_F(KernelSocketsTest, RefusesAnAddressThatIsTaken) {
  const int first = listenOn(parse("127.0.0.1:0"));
  const auto second = sockets.listen(optionsFor(test::boundAddress(first)));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::InUse);
  sockets.close(first);
}

TEST_F(KernelSocketsTest, RefusesAnAddressThatIsNotOurs) {
  const auto listener = sockets.listen(optionsFor(parse("192.0.2.1:80")));
  ASSERT_FALSE(listener.ok());
  EXPECT_EQ(listener.error().code, ErrorCode::BadAddress);
}

TEST_F(KernelSocketsTest, TellsARefusedConnect) {
  const int listener = listenOn(parse("127.0.0.1:0"));
  const Address address = test::boundAddress(listener);
  sockets.close(listener);
  const auto connecting = sockets.connect(address, {});
  if (connecting.ok()) {
    ASSERT_TRUE(writable(connecting.value()));
    EXPECT_EQ(sockets.connectError(connecting.value()), ECONNREFUSED);
    EXPECT_EQ(sockets.connectError(connecting.value()), 0) << "it is told once";
    sockets.close(connecting.value());
  } else {
    EXPECT_EQ(connecting.error().code, ErrorCode::Refused);
  }
}

TEST_F(KernelSocketsTest, TellsAUnixSocketThatIsNotThere) {
  const auto connecting = sockets.connect(Address::unixPath(folder + "/none"), {});
  ASSERT_FALSE(connecting.ok());
  EXPECT_EQ(connecting.error().code, ErrorCode::Refused);
}

TEST_F(KernelSocketsTest, TakesAFullUnixBacklogForARefusal) {
  const Address address = Address::unixPath(folder + "/a.sock");
  ListenOptions options = optionsFor(address);
  options.backlogCount = 1;
  const int listener = sockets.listen(options).value();
  std::array<int, 2> waiting{};
  for (int& fd : waiting) {
    fd = sockets.connect(address, {}).value();
  }
  const auto tooMany = sockets.connect(address, {});
  ASSERT_FALSE(tooMany.ok());
  EXPECT_EQ(tooMany.error().code, ErrorCode::Refused);
  for (const int fd : waiting) {
    sockets.close(fd);
  }
  sockets.closeListener(listener, address);
}

TEST_F(KernelSocketsTest, FindsNobodyToAccept) {
  const int listener = listenOn(parse("127.0.0.1:0"));
  const Accepted nobody = sockets.accept(listener);
  EXPECT_EQ(nobody.fd, kNoFd);
  EXPECT_EQ(nobody.sysErrno, EAGAIN);
  sockets.close(listener);
}

TEST_F(KernelSocketsTest, TellsEmptyEndAndResetApart) {
  connectTcp();
  std::array<std::byte, 10> got{};
  EXPECT_EQ(sockets.read(server, got).status, IoStatus::WouldBlock);
  sockets.shutdownWrite(client);
  ASSERT_TRUE(readable(server));
  EXPECT_EQ(sockets.read(server, got).status, IoStatus::Eof);
  closePair();

  connectTcp();
  sockets.reset(client);
  ASSERT_TRUE(readable(server));
  const IoResult result = sockets.read(server, got);
  EXPECT_EQ(result.status, IoStatus::Failed);
  EXPECT_EQ(result.sysErrno, ECONNRESET);
  sockets.close(server);
}

TEST_F(KernelSocketsTest, WritesUntilItWouldBlockAndKnowsWhatIsUnsent) {
  connectTcp();
  const std::string block(65'536, 'x');
  IoResult result;
  std::size_t total = 0;
  do {
    result = sockets.write(client, base::bytesOf(block));
    total += result.bytes;
  } while (result.status == IoStatus::Ok);
  EXPECT_EQ(result.status, IoStatus::WouldBlock);
  EXPECT_GT(sockets.unsentBytes(client), 0U);
  EXPECT_GT(sockets.readableBytes(server), 0U);
  EXPECT_GE(sockets.unsentBytes(client) + sockets.readableBytes(server), total);
  closePair();
}

TEST_F(KernelSocketsTest, FailsAWriteToAPeerThatIsGoneWithoutASignal) {
  connectTcp();
  sockets.close(server);
  ASSERT_TRUE(readable(client));
  IoResult result = sockets.write(client, base::bytesOf("x"));
  if (result.status == IoStatus::Ok) {
    ASSERT_TRUE(readable(client));
    result = sockets.write(client, base::bytesOf("x"));
  }
  EXPECT_EQ(result.status, IoStatus::Failed);
  EXPECT_TRUE(result.sysErrno == EPIPE || result.sysErrno == ECONNRESET);
  sockets.close(client);
}

TEST_F(KernelSocketsTest, SplicesNoMoreThanAsked) {
  connectTcp();
  const PipeFds pipe = sockets.openPipe(65'536).value();
  ASSERT_EQ(sockets.write(client, base::bytesOf(std::string(5000, 'x'))).bytes, 5000U);
  ASSERT_TRUE(readable(server));
  EXPECT_EQ(sockets.spliceIn(server, pipe, 1200).bytes, 1200U)
      << "what comes behind may belong to the next message";
  EXPECT_EQ(sockets.readableBytes(server), 3800U);
  EXPECT_EQ(sockets.spliceOut(pipe, server, 700).bytes, 700U);
  EXPECT_EQ(sockets.spliceOut(pipe, server, 10'000).bytes, 500U);
  EXPECT_EQ(sockets.spliceOut(pipe, server, 1).status, IoStatus::WouldBlock);
  sockets.closePipe(pipe);
  closePair();
}

TEST_F(KernelSocketsTest, SplicesNothingFromAnEmptySocketAndTheEndAtTheEnd) {
  connectTcp();
  const PipeFds pipe = sockets.openPipe(65'536).value();
  EXPECT_EQ(sockets.spliceIn(server, pipe, 100).status, IoStatus::WouldBlock);
  sockets.shutdownWrite(client);
  ASSERT_TRUE(readable(server));
  EXPECT_EQ(sockets.spliceIn(server, pipe, 100).status, IoStatus::Eof);
  sockets.closePipe(pipe);
  closePair();
}

TEST_F(KernelSocketsTest, OpensDescriptorsThatNoChildInherits) {
  connectTcp();
  const int listener = listenOn(parse("127.0.0.1:0"));
  const PipeFds pipe = sockets.openPipe(65'536).value();
  for (const int fd : {client, server, listener, pipe.read, pipe.write}) {
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  }
  sockets.closePipe(pipe);
  sockets.close(listener);
  closePair();
}

}  // namespace
}  // namespace weft::os
