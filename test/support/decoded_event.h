// Reads event records the way lib/events/decode.ts does, for tests of what was written.
#pragma once

#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace weft::telemetry {

struct DecodedEvent {
  std::size_t size = 0;
  std::uint8_t kind = 0;
  std::uint8_t cutMask = 0;
  std::uint64_t wallUs = 0;
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> fields;
};

class RecordReader {
 public:
  explicit RecordReader(base::Bytes bytes) : bytes_(bytes) {}

  template <typename Number>
  Number take() {
    Number number{};
    std::memcpy(&number, bytes_.first(sizeof(Number)).data(), sizeof(Number));
    bytes_ = bytes_.subspan(sizeof(Number));
    return number;
  }

  std::string takeText(std::size_t length) {
    std::string text(length, '\0');
    std::memcpy(text.data(), bytes_.first(length).data(), length);
    bytes_ = bytes_.subspan(length);
    return text;
  }

 private:
  base::Bytes bytes_;
};

/// The first record of `bytes`. Reading past the end ends the test program (_GLIBCXX_ASSERTIONS).
inline DecodedEvent decodeEvent(base::Bytes bytes) {
  DecodedEvent event;
  RecordReader reader(bytes);
  event.size = reader.take<std::uint16_t>();
  event.kind = reader.take<std::uint8_t>();
  event.numbers.resize(reader.take<std::uint8_t>());
  event.fields.resize(reader.take<std::uint8_t>());
  event.cutMask = reader.take<std::uint8_t>();
  static_cast<void>(reader.take<std::uint16_t>());
  event.wallUs = reader.take<std::uint64_t>();
  for (std::uint64_t& number : event.numbers) {
    number = reader.take<std::uint64_t>();
  }
  for (std::string& field : event.fields) {
    field = reader.takeText(reader.take<std::uint16_t>());
  }
  return event;
}

}  // namespace weft::telemetry
