// Bodies in chunks: what is the body, why one is refused, the trailers, and that no cut changes any
// of it.
#include "codec/h1_chunk_reader.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weft::codec {
namespace {

struct Outcome {
  std::string body;
  std::vector<std::string> trailers;
  std::size_t consumed = 0;
  bool ended = false;
  H1Fault fault = H1Fault::None;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// What a reader makes of the text when it comes up to each of `ends`.
Outcome readInParts(std::string_view text, const std::vector<std::size_t>& ends) {
  Outcome outcome;
  H1ChunkReader reader({.headBytesMax = 200, .fieldsMax = 3});
  std::array<H1Field, 3> fields;
  for (const std::size_t end : ends) {
    for (;;) {
      const std::string_view held = text.substr(outcome.consumed, end - outcome.consumed);
      const H1ChunkStep step = reader.advance(held, fields);
      if (step.event == H1ChunkEvent::Data) {
        outcome.body += held.substr(0, step.bytes);
      }
      outcome.consumed += step.bytes;
      if (step.event == H1ChunkEvent::Bad) {
        outcome.fault = reader.fault();
        return outcome;
      }
      if (step.event == H1ChunkEvent::End) {
        const H1Fields all(held, std::span(fields).first(reader.trailerCount()));
        for (std::size_t i = 0; i < all.size(); ++i) {
          outcome.trailers.push_back(std::string(all.name(i)) + "=" + std::string(all.value(i)));
        }
        outcome.ended = true;
        return outcome;
      }
      if (step.event == H1ChunkEvent::NeedMore) {
        break;
      }
    }
  }
  return outcome;
}

/// In one piece, which must be what every cut and single bytes give.
Outcome read(std::string_view text) {
  const Outcome whole = readInParts(text, {text.size()});
  std::vector<std::size_t> bytes;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    bytes.push_back(cut);
    EXPECT_EQ(readInParts(text, {cut, text.size()}), whole) << text << " cut at " << cut;
  }
  EXPECT_EQ(readInParts(text, bytes), whole) << text << " byte by byte";
  return whole;
}

TEST(H1ChunkReader, GivesTheBody) {
  const Outcome got = read("5\r\nhello\r\n001\r\n \r\nA\r\n0123456789\r\n0\r\n\r\nnext");
  EXPECT_EQ(got.body, "hello 0123456789");
  EXPECT_TRUE(got.ended);
  EXPECT_EQ(got.consumed, 38U);
  EXPECT_EQ(read("0\r\n\r\n").body, "");
  EXPECT_EQ(read("2\r\n\r\n\r\n0\r\n\r\n").body, "\r\n");
}

TEST(H1ChunkReader, GivesTheTrailers) {
  const Outcome got = read("1\r\na\r\n0\r\nX-Sum: 1 \r\nb:\r\n\r\n");
  EXPECT_TRUE(got.ended);
  EXPECT_EQ(got.trailers, (std::vector<std::string>{"X-Sum=1", "b="}));
}

TEST(H1ChunkReader, LeavesExtensionsOut) {
  EXPECT_EQ(read("1;a=b\r\nx\r\n0;last\r\n\r\n").body, "x");
  EXPECT_EQ(read("1 ; a=\"b;c\"\r\nx\r\n0\r\n\r\n").body, "x");
  EXPECT_EQ(read("1\t;\ta\t=\tb ;c = \"\\\"\\\\\xe9\";d\r\nx\r\n0\r\n\r\n").body, "x");
}

TEST(H1ChunkReader, RefusesWhatIsAmbiguous) {
  const std::vector<std::pair<std::string, H1Fault>> cases = {
      {"\r\n", H1Fault::BadChunkSize},
      {"x\r\n", H1Fault::BadChunkSize},
      {"-1\r\n", H1Fault::BadChunkSize},
      {"+1\r\n", H1Fault::BadChunkSize},
      {" 1\r\na\r\n", H1Fault::BadChunkSize},
      {"0x1\r\na\r\n", H1Fault::BadChunkSize},
      {"1 2\r\na\r\n", H1Fault::BadChunkSize},
      {"1_0\r\n", H1Fault::BadChunkSize},
      {"1,2\r\n", H1Fault::BadChunkSize},
      {";a=b\r\n", H1Fault::BadChunkSize},
      {"8000000000000000\r\n", H1Fault::ChunkTooLarge},
      {"ffffffffffffffff\r\n", H1Fault::ChunkTooLarge},
      {"00000000000000001\r\na", H1Fault::ChunkTooLarge},
      {"1\na\r\n", H1Fault::BareLf},
      {"1\r\r\na", H1Fault::BareCr},
      {"1;a\rb\r\n", H1Fault::BareCr},
      {"1;a\nb\r\n", H1Fault::BareLf},
      {std::string("1;a\0\r\n", 6), H1Fault::BadChunkExtension},
      {"1;a\x7f\r\n", H1Fault::BadChunkExtension},
      {"1;\r\n", H1Fault::BadChunkExtension},
      {"1;;a\r\n", H1Fault::BadChunkExtension},
      {"1;a b\r\n", H1Fault::BadChunkExtension},
      {"1;a \r\n", H1Fault::BadChunkExtension},
      {"1;a=\r\n", H1Fault::BadChunkExtension},
      {"1;=b\r\n", H1Fault::BadChunkExtension},
      {"1;a=\"b\r\n", H1Fault::BadChunkExtension},
      {"1;a=\"b\\\"\r\n", H1Fault::BadChunkExtension},
      {"1;a=\"b\"c\r\n", H1Fault::BadChunkExtension},
      {"1;a=\"\x01\"\r\n", H1Fault::BadChunkExtension},
      {"1;\xe9\r\n", H1Fault::BadChunkExtension},
      {"1;a@=b\r\n", H1Fault::BadChunkExtension},
      {"1;" + std::string(2000, 'a') + "\r\n", H1Fault::ChunkLineTooLong},
      {"1\r\nab\r\n", H1Fault::NoChunkEnd},
      {"1\r\na\n", H1Fault::NoChunkEnd},
      {"1\r\na0\r\n\r\n", H1Fault::NoChunkEnd},
      {"1\r\na\rb", H1Fault::NoChunkEnd},
      {"0\r\n a: b\r\n\r\n", H1Fault::ObsFold},
      {"0\r\na : b\r\n\r\n", H1Fault::SpaceBeforeColon},
      {"0\r\na: b\n\r\n", H1Fault::BareLf},
      {"0\r\n\n", H1Fault::BareLf},
      {"0\r\nContent-Length: 5\r\n\r\n", H1Fault::BadTrailer},
      {"0\r\na: b\r\nTransfer-Encoding: chunked\r\n\r\n", H1Fault::BadTrailer},
      {"0\r\nHost: a\r\n\r\n", H1Fault::BadTrailer},
      {"0\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n", H1Fault::TooManyFields},
      {"0\r\na: " + std::string(300, 'b') + "\r\n\r\n", H1Fault::HeadTooLong},
  };
  for (const auto& [text, fault] : cases) {
    const Outcome got = read(text);
    EXPECT_EQ(got.fault, fault) << text;
    EXPECT_FALSE(got.ended);
  }
}

TEST(H1ChunkReader, CountsWhatWasMovedWithoutIt) {
  H1ChunkReader reader({});
  std::array<H1Field, 1> fields;
  EXPECT_EQ(reader.advance("64\r\n", fields).event, H1ChunkEvent::Passed);
  EXPECT_EQ(reader.dataLeft(), 100U);
  reader.moved(99);
  const H1ChunkStep last = reader.advance("x\r\n", fields);
  EXPECT_EQ(last.event, H1ChunkEvent::Data);
  EXPECT_EQ(last.bytes, 1U);
  EXPECT_EQ(reader.advance("\r\n", fields).bytes, 2U);
  EXPECT_EQ(reader.advance("0\r\n", fields).event, H1ChunkEvent::Passed);
  EXPECT_EQ(reader.advance("\r\n", fields).event, H1ChunkEvent::End);
}

}  // namespace
}  // namespace weft::codec
