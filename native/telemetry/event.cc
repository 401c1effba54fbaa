#include "telemetry/event.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"
#include "base/bytes.h"

namespace weft::telemetry {

namespace {

static_assert(std::endian::native == std::endian::little, "records are little-endian");

constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kLengthBytes = sizeof(std::uint16_t);
constexpr std::size_t kNumbersMax = 255;
constexpr std::size_t kFieldsMax = 8;

/// Appends to a span that is known to be long enough; a span's own checks guard it all the same.
class Writer {
 public:
  explicit Writer(base::MutableBytes out) noexcept : out_(out) {}

  template <typename Number>
  void put(Number number) noexcept {
    putBytes(std::bit_cast<std::array<std::byte, sizeof(Number)>>(number));
  }

  void putBytes(base::Bytes bytes) noexcept {
    std::ranges::copy(bytes, out_.subspan(used_, bytes.size()).begin());
    used_ += bytes.size();
  }

  void padTo(std::size_t size) noexcept {
    std::ranges::fill(out_.subspan(used_, size - used_), std::byte{0});
    used_ = size;
  }

 private:
  base::MutableBytes out_;
  std::size_t used_ = 0;
};

struct Layout {
  std::size_t size = 0;  ///< Whole record, padding included.
  std::uint8_t cutMask = 0;
  std::array<std::size_t, kFieldsMax> fieldBytes{};
};

/// Earlier fields take what room there is, so that the last ones are cut first.
Layout layOut(const Event& event) noexcept {
  const std::size_t fixed =
      kHeaderBytes + event.numbers.size_bytes() + event.fields.size() * kLengthBytes;
  WEFT_CHECK(event.numbers.size() <= kNumbersMax && event.fields.size() <= kFieldsMax);
  static_assert(kHeaderBytes + kNumbersMax * 8 + kFieldsMax * kLengthBytes <= kEventBytesMax);
  Layout layout;
  std::size_t room = kEventBytesMax - fixed;
  for (std::size_t i = 0; i < event.fields.size(); ++i) {
    const std::size_t bytes = std::min(event.fields[i].size(), room);
    if (bytes < event.fields[i].size()) {
      layout.cutMask = static_cast<std::uint8_t>(layout.cutMask | (1U << i));
    }
    layout.fieldBytes[i] = bytes;
    room -= bytes;
  }
  layout.size = (kEventBytesMax - room + 7) / 8 * 8;
  return layout;
}

}  // namespace

std::size_t encodeEvent(const Event& event, base::MutableBytes out) noexcept {
  const Layout layout = layOut(event);
  Writer writer(out);
  writer.put(static_cast<std::uint16_t>(layout.size));
  writer.put(static_cast<std::uint8_t>(event.kind));
  writer.put(static_cast<std::uint8_t>(event.numbers.size()));
  writer.put(static_cast<std::uint8_t>(event.fields.size()));
  writer.put(layout.cutMask);
  writer.put(std::uint16_t{0});
  writer.put(event.wallUs);
  writer.putBytes(std::as_bytes(event.numbers));
  for (std::size_t i = 0; i < event.fields.size(); ++i) {
    writer.put(static_cast<std::uint16_t>(layout.fieldBytes[i]));
    writer.putBytes(base::bytesOf(event.fields[i].substr(0, layout.fieldBytes[i])));
  }
  writer.padTo(layout.size);
  return layout.size;
}

}  // namespace weft::telemetry
