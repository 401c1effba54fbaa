// Readers and ranges that several parts of a snapshot share. JavaScript thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "binding/field_reader.h"
#include "binding/node.h"
#include "codec/h1_field_reader.h"
#include "codec/http_text.h"

namespace weft::binding {

inline constexpr std::uint64_t kUint32Max = UINT32_MAX;

// The largest number of 32 bits stands for "none".
inline constexpr Range kIdRange{.min = 0, .max = kUint32Max - 1};
inline constexpr Range kRevisionRange{.min = 0, .max = kSafeIntegerMax};
inline constexpr Range kCountRange{.min = 1, .max = kUint32Max};
inline constexpr Range kCountOrNoneRange{.min = 0, .max = kUint32Max};
// A kernel timeout is an int of milliseconds; that is 24 days, enough for every other duration too.
inline constexpr std::uint64_t kMillisecondsMax = INT32_MAX;
inline constexpr Range kDurationRange{.min = 1, .max = kMillisecondsMax};
inline constexpr Range kDurationOrNoneRange{.min = 0, .max = kMillisecondsMax};
// The kernel takes 1 to 32,767 seconds and 1 to 127 probes.
inline constexpr Range kKeepaliveRange{.min = 1'000, .max = 32'767'000};
inline constexpr Range kProbesRange{.min = 1, .max = 127};
// What the kernel takes as the size of a pipe.
inline constexpr Range kPipeBytesRange{.min = 4'096, .max = std::uint64_t{1} << 30U};
inline constexpr Range kPercentRange{.min = 1, .max = 100};
// At the average, and a hundred times that.
inline constexpr Range kLoadBoundRange{.min = 100, .max = 10'000};
inline constexpr Range kWeightRange{.min = 1, .max = 1'000'000};
// With what is added on the way, twice the head fits in a buffer.
inline constexpr Range kHeadBytesRange{.min = 1'024, .max = 98'304};
inline constexpr Range kHeadFieldsRange{.min = 1, .max = codec::kH1FieldsMax};
inline constexpr Range kModeRange{.min = 0, .max = 0777};
inline constexpr Range kPercentOrNoneRange{.min = 0, .max = 100};
inline constexpr Range kPortRange{.min = 1, .max = UINT16_MAX};
inline constexpr Range kUint16Range{.min = 1, .max = UINT16_MAX};
inline constexpr std::size_t kReservedMax = 65'536;

/// Calls `read` with each element until something is wrong.
template <typename Read>
void readEach(Reading& reading, const Field& array, Read read) {
  const std::uint32_t length = array.length();
  for (std::uint32_t i = 0; i < length && reading.ok(); ++i) {
    const HandleScope scope(reading.env());
    read(array.at(i));
  }
}

template <typename Id>
Id readId(const Field& field) {
  return Id{field.number<std::uint32_t>(kIdRange)};
}

/// An id that none of its siblings has.
template <typename Id>
Id readOwnId(const Field& field, std::unordered_set<Id>& taken) {
  const Id id = readId<Id>(field);
  if (!taken.insert(id).second) {
    field.fail("expected an id of its own, got " + std::to_string(id.number) + " again");
  }
  return id;
}

inline std::optional<base::Duration> readDurationOrNull(const Field& field) {
  return field.orNull([](const Field& present) { return present.duration(kDurationRange); });
}

inline std::vector<std::string> readTexts(Reading& reading, const Field& field) {
  std::vector<std::string> texts;
  readEach(reading, field, [&](const Field& element) { texts.push_back(element.text()); });
  return texts;
}

/// What may be the value of a field of HTTP.
inline std::string readFieldValue(const Field& field) {
  std::string value = field.text();
  if (!codec::consistsOf(value, codec::kValue)) {
    field.fail("expected no control characters");
  }
  return value;
}

}  // namespace weft::binding
