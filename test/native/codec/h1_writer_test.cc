// What is written of heads, trailers and chunks: the lines that came but for those left out.
#include "codec/h1_writer.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "codec/h1_head.h"

namespace weft::codec {
namespace {

class Written {
 public:
  explicit Written(std::size_t room = 4096)
      : memory_(room, '\0'), writer(std::as_writable_bytes(std::span(memory_))) {}

  [[nodiscard]] std::string text() const { return memory_.substr(0, writer.size()); }

 private:
  std::string memory_;

 public:
  H1Writer writer;
};

struct Read {
  explicit Read(std::string_view fields)
      : text("GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n") {
    EXPECT_EQ(H1HeadReader(H1Kind::Request, {}).advance(text, *head), H1Read::Whole) << text;
  }

  /// Without what belongs to the connection.
  [[nodiscard]] std::string passedOn() const {
    FieldBits marked;
    markHopByHop(head->fieldsIn(text), marked);
    Written written;
    written.writer.fields(text, std::span(head->fields).first(head->fieldCount), head->bytes - 2,
                          marked);
    return written.text();
  }

  std::string text;
  std::unique_ptr<H1Head> head = std::make_unique<H1Head>();
};

TEST(H1Writer, WritesFirstLines) {
  Written written;
  written.writer.requestLine("GET", "/a?b");
  written.writer.requestLine("GET", "?b", true);
  written.writer.statusLine(204, "No Content");
  written.writer.statusLine(599, "");
  EXPECT_EQ(
      written.text(),
      "GET /a?b HTTP/1.1\r\nGET /?b HTTP/1.1\r\nHTTP/1.1 204 No Content\r\nHTTP/1.1 599 \r\n");
}

TEST(H1Writer, WritesFieldsAndChunks) {
  Written written;
  written.writer.field("a", "b c");
  written.writer.field("content-length", UINT64_MAX);
  written.writer.endFields();
  written.writer.chunkSize(0x1Fa0);
  written.writer.chunkEnd();
  written.writer.lastChunk();
  EXPECT_EQ(written.text(),
            "a: b c\r\ncontent-length: 18446744073709551615\r\n\r\n1fa0\r\n\r\n0\r\n");
}

TEST(H1Writer, PassesLinesOnAsTheyCame) {
  EXPECT_EQ(Read("").passedOn(), "");
  EXPECT_EQ(Read("Host:a\r\nX:  \t b \r\nempty:\r\n").passedOn(),
            "Host:a\r\nX:  \t b \r\nempty:\r\n");
}

TEST(H1Writer, LeavesOutWhatIsOfTheConnection) {
  EXPECT_EQ(Read("Connection: close\r\nHost: a\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: "
                 "trailers\r\nX: y\r\nTransfer-Encoding: chunked\r\nUpgrade: z\r\n")
                .passedOn(),
            "Host: a\r\nX: y\r\n");
}

TEST(H1Writer, LeavesOutWhatConnectionNames) {
  EXPECT_EQ(Read("X-A: 1\r\nConnection: , x-a ,close, X-B\r\nx-b: 2\r\nX-a: 3\r\nX-Ab: "
                 "4\r\nconnection: x-c\r\nX-C: 5\r\n")
                .passedOn(),
            "X-Ab: 4\r\n");
}

TEST(H1Writer, NeverWritesBeyondItsRoom) {
  for (std::size_t room = 0; room < 24; ++room) {
    Written written(room);
    written.writer.requestLine("GET", "/a");
    written.writer.field("a", 12345U);
    EXPECT_TRUE(written.writer.overflowed()) << room;
    EXPECT_LE(written.writer.size(), room);
  }
  Written written(28);
  written.writer.requestLine("GET", "/a");
  written.writer.field("a", 12345U);
  EXPECT_FALSE(written.writer.overflowed());
}

}  // namespace
}  // namespace weft::codec
