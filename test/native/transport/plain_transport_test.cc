// The plain transport: the descriptor's bytes as they are, closed when it dies, reset when asked
// to.
#include "transport/plain_transport.h"

#include <array>
#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "support/manual_clock.h"
#include "support/memory_sockets.h"

namespace weft::transport {
namespace {

class PlainTransportTest : public testing::Test {
 protected:
  PlainTransportTest() {
    const base::Address address = base::Address::ipv4({10, 0, 0, 1}, 1);
    const int listener =
        sockets.listen({.address = address, .backlogCount = 1, .unixMode = {}, .stream = {}})
            .value();
    near = factory.connecting(sockets.connect(address, {}).value(), false);
    far = factory.accepted(sockets.accept(listener).fd, false);
    sockets.closeListener(listener, address);
  }

  [[nodiscard]] std::string readFar() {
    std::array<std::byte, 1000> buffer{};
    const IoResult result = far->read(buffer);
    last = result;
    return {reinterpret_cast<const char*>(buffer.data()), result.bytes};
  }

  test::ManualClock clock;
  test::MemoryNetwork network{clock, {.sendBytes = 1000, .receiveBytes = 1000}};
  test::MemorySockets sockets{network};
  PlainTransportFactory factory{sockets};
  TransportPtr near;
  TransportPtr far;
  IoResult last;
};

TEST_F(PlainTransportTest, IsOpenAtOnceAndHasNothingOfItsOwn) {
  EXPECT_EQ(near->open().status, Status::Ok);
  EXPECT_FALSE(near->hasBuffered());
  EXPECT_FALSE(near->readsStopEarly());
  EXPECT_EQ(near->spliceFd(), near->fd());
}

TEST_F(PlainTransportTest, CarriesBytesAndTheEnd) {
  EXPECT_EQ(near->write(base::bytesOf("hello")).bytes, 5U);
  EXPECT_EQ(readFar(), "hello");
  EXPECT_EQ(readFar(), "");
  EXPECT_EQ(last.status, Status::WantRead);
  EXPECT_EQ(near->shutdownWrite().status, Status::Ok);
  EXPECT_EQ(readFar(), "");
  EXPECT_EQ(last.status, Status::Eof);
}

TEST_F(PlainTransportTest, WantsWritabilityWhenThereIsNoRoom) {
  const std::string bytes(5000, 'x');
  EXPECT_EQ(near->write(base::bytesOf(bytes)).bytes, 1000U);
  EXPECT_EQ(near->write(base::bytesOf(bytes)).bytes, 1000U);
  EXPECT_EQ(near->write(base::bytesOf(bytes)).status, Status::WantWrite);
}

TEST_F(PlainTransportTest, ClosesItsDescriptorInOrderWhenItDies) {
  near.reset();
  EXPECT_EQ(readFar(), "");
  EXPECT_EQ(last.status, Status::Eof);
  EXPECT_EQ(sockets.openCount(), 1U);
}

TEST_F(PlainTransportTest, ResetsWhenAskedTo) {
  near->reset();
  EXPECT_EQ(sockets.openCount(), 1U) << "closed already";
  near.reset();
  EXPECT_EQ(readFar(), "");
  EXPECT_EQ(last.status, Status::Failed);
  EXPECT_EQ(last.sysErrno, ECONNRESET);
  EXPECT_EQ(far->write(base::bytesOf("x")).status, Status::Failed);
}

TEST_F(PlainTransportTest, StopsEarlyOnlyOverAUnixSocket) {
  const base::Address address = base::Address::unixPath("/a");
  const int listener =
      sockets.listen({.address = address, .backlogCount = 1, .unixMode = {}, .stream = {}}).value();
  const TransportPtr transport = factory.connecting(sockets.connect(address, {}).value(), true);
  EXPECT_TRUE(transport->readsStopEarly());
  sockets.closeListener(listener, address);
}

}  // namespace
}  // namespace weft::transport
