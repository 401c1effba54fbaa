// Records of any shape go into a ring that is drained at any moment: what comes out is what was
// stored, in order, cut only where the mark says so, and the reader is woken when it must be.
#include "telemetry/event_ring.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "support/decoded_event.h"
#include "telemetry/event.h"

namespace {

using weft::telemetry::DecodedEvent;
using weft::telemetry::Event;
using weft::telemetry::EventRing;
using weft::telemetry::kEventBytesMax;

struct Stored {
  std::uint8_t kind = 0;
  std::uint64_t wallUs = 0;
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> fields;
};

Stored makeRecord(FuzzedDataProvider& input) {
  Stored record;
  record.kind = input.ConsumeIntegralInRange<std::uint8_t>(0, weft::telemetry::kEventKindCount - 1);
  record.wallUs = input.ConsumeIntegral<std::uint64_t>();
  record.numbers.resize(input.ConsumeIntegralInRange<std::size_t>(0, 255));
  std::ranges::fill(record.numbers, record.wallUs ^ record.numbers.size());
  record.fields.resize(input.ConsumeIntegralInRange<std::size_t>(0, 8));
  for (std::string& field : record.fields) {
    field.assign(input.ConsumeIntegralInRange<std::size_t>(0, 6000), input.ConsumeIntegral<char>());
  }
  return record;
}

EventRing::Push push(EventRing& ring, const Stored& record) {
  const std::vector<std::string_view> fields(record.fields.begin(), record.fields.end());
  return ring.push(Event{.kind = static_cast<weft::telemetry::EventKind>(record.kind),
                         .wallUs = record.wallUs,
                         .numbers = record.numbers,
                         .fields = fields});
}

void expectSame(const Stored& stored, const DecodedEvent& seen) {
  WEFT_CHECK(seen.size % 8 == 0 && seen.size <= kEventBytesMax);
  WEFT_CHECK(seen.kind == stored.kind && seen.wallUs == stored.wallUs);
  WEFT_CHECK(seen.numbers == stored.numbers && seen.fields.size() == stored.fields.size());
  for (std::size_t i = 0; i < seen.fields.size(); ++i) {
    const bool cut = ((seen.cutMask >> i) & 1) != 0;
    WEFT_CHECK(stored.fields[i].starts_with(seen.fields[i]));
    WEFT_CHECK(cut == (seen.fields[i].size() < stored.fields[i].size()));
  }
}

/// Returns whether the ring was found empty, after which the next record wakes the reader.
bool drainOnce(EventRing& ring, std::size_t room, std::deque<Stored>& expected) {
  std::vector<std::byte> out(room);
  const std::size_t size = ring.drain(out);
  weft::base::Bytes records = std::span<const std::byte>(out).first(size);
  while (!records.empty()) {
    const DecodedEvent seen = weft::telemetry::decodeEvent(records);
    WEFT_CHECK(!expected.empty());
    expectSame(expected.front(), seen);
    expected.pop_front();
    records = records.subspan(seen.size);
  }
  WEFT_CHECK(size > 0 || expected.empty());
  return size == 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  EventRing ring(2 * kEventBytesMax);
  std::deque<Stored> expected;
  bool readerSleeps = true;
  while (input.remaining_bytes() > 0) {
    if (input.ConsumeBool()) {
      Stored record = makeRecord(input);
      const EventRing::Push result = push(ring, record);
      if (result == EventRing::Push::Dropped) {
        WEFT_CHECK(!expected.empty());
        continue;
      }
      WEFT_CHECK((result == EventRing::Push::StoredWakeReader) == readerSleeps);
      readerSleeps = false;
      expected.push_back(std::move(record));
    } else {
      const auto room =
          input.ConsumeIntegralInRange<std::size_t>(kEventBytesMax, 3 * kEventBytesMax);
      readerSleeps = drainOnce(ring, room, expected) || readerSleeps;
    }
  }
  while (!drainOnce(ring, kEventBytesMax, expected)) {
  }
  return 0;
}
