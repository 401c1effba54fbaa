// Event records: the layout of lib/contract/events.ts, byte for byte, and how long fields are cut.
#include "telemetry/event.h"

#include <array>
#include <bit>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/decoded_event.h"

namespace weft::telemetry {
namespace {

std::vector<std::byte> encode(const Event& event) {
  // Filled with ones, so that a byte which is not written shows.
  std::vector<std::byte> out(kEventBytesMax, std::byte{0xff});
  out.resize(encodeEvent(event, out));
  return out;
}

TEST(EventTest, WritesTheLayoutOfTheContract) {
  const std::array<std::uint64_t, 2> numbers = {0x0102030405060708U, 7};
  const std::array<std::string_view, 2> fields = {"abc", ""};
  const std::vector<std::byte> record = encode(
      {.kind = EventKind::AcceptResumed, .wallUs = 0x11, .numbers = numbers, .fields = fields});

  const std::array<std::uint8_t, 40> expected = {
      40,   0,    2,    2,    2,    0,    0,    0,     // size, kind, numbers, fields, cut, zero
      0x11, 0,    0,    0,    0,    0,    0,    0,     // wall clock
      0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,  // numbers
      7,    0,    0,    0,    0,    0,    0,    0,     //
      3,    0,    'a',  'b',  'c',  0,    0,    0,     // "abc", "", one byte of padding
  };
  ASSERT_EQ(record.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(std::to_integer<std::uint8_t>(record[i]), expected[i]) << "at byte " << i;
  }
}

TEST(EventTest, WritesARecordWithoutNumbersAndFieldsAsItsHeader) {
  EXPECT_EQ(
      encode({.kind = EventKind::LimitReached, .wallUs = 1, .numbers = {}, .fields = {}}).size(),
      16U);
}

TEST(EventTest, CutsTheLastFieldFirstAndMarksIt) {
  const std::string first(3000, 'a');
  const std::string second(3000, 'b');
  const std::array<std::string_view, 3> fields = {first, second, "last"};
  const DecodedEvent event = decodeEvent(
      encode({.kind = EventKind::ConnectionClosed, .wallUs = 5, .numbers = {}, .fields = fields}));

  EXPECT_EQ(event.size, kEventBytesMax);
  EXPECT_EQ(event.cutMask, 0b110);
  EXPECT_EQ(event.fields[0], first);
  EXPECT_EQ(event.fields[1], second.substr(0, kEventBytesMax - 16 - 6 - 3000));
  EXPECT_EQ(event.fields[2], "");
}

TEST(EventTest, LeavesAFieldWholeThatFillsTheRecordExactly) {
  const std::string exact(kEventBytesMax - 16 - 2, 'x');
  const std::array<std::string_view, 1> fields = {exact};
  const DecodedEvent event = decodeEvent(
      encode({.kind = EventKind::ConnectionClosed, .wallUs = 5, .numbers = {}, .fields = fields}));
  EXPECT_EQ(event.cutMask, 0);
  EXPECT_EQ(event.fields[0], exact);

  const std::string longer = exact + 'y';
  const std::array<std::string_view, 1> tooLong = {longer};
  const DecodedEvent cut = decodeEvent(
      encode({.kind = EventKind::ConnectionClosed, .wallUs = 5, .numbers = {}, .fields = tooLong}));
  EXPECT_EQ(cut.cutMask, 1);
  EXPECT_EQ(cut.fields[0], exact);
}

TEST(EventTest, HoldsTheLargestNumberOfNumbersAndFields) {
  const std::vector<std::uint64_t> numbers(255, 0xffffffffffffffffU);
  const std::string text(1000, 't');
  const std::vector<std::string_view> fields(8, text);
  const DecodedEvent event = decodeEvent(encode(
      {.kind = EventKind::ConnectionClosed, .wallUs = 5, .numbers = numbers, .fields = fields}));
  EXPECT_EQ(event.numbers, numbers);
  EXPECT_EQ(event.fields.size(), 8U);
  EXPECT_EQ(event.fields[0], text);
  EXPECT_EQ(event.cutMask, 0b11111100);
}

TEST(EventDeathTest, RefusesMoreThanALengthByteCanSay) {
  const std::vector<std::uint64_t> numbers(256, 1);
  EXPECT_DEATH(
      encode({.kind = EventKind::ConnectionClosed, .wallUs = 5, .numbers = numbers, .fields = {}}),
      "internal check failed");
}

}  // namespace
}  // namespace weft::telemetry
