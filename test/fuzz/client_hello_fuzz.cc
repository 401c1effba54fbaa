// ClientHellos whose message is the input, cut into records by its first two bytes, so that the
// fuzzer need not invent records; and the input as it is. What is read is within its limits and the
// same whatever the records.
#include "codec/client_hello.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"

namespace {

using weft::base::Bytes;
using weft::codec::ClientHello;

std::vector<std::byte> cutIntoRecords(Bytes message, std::size_t recordBytes) {
  std::vector<std::byte> bytes;
  while (!message.empty()) {
    const std::size_t size = std::min(recordBytes, message.size());
    for (const std::size_t head :
         {std::size_t{22}, std::size_t{3}, std::size_t{1}, size >> 8U, size & 0xffU}) {
      bytes.push_back(static_cast<std::byte>(head));
    }
    bytes.insert(bytes.end(), message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
    message = message.subspan(size);
  }
  return bytes;
}

/// Without what comes behind the message, which may follow in a record of its own but not in its.
Bytes ofOneMessage(Bytes input) {
  std::size_t bytes = 0;
  for (std::size_t at = 1; at < std::min<std::size_t>(input.size(), 4); ++at) {
    bytes = bytes << 8U | std::to_integer<std::size_t>(input[at]);
  }
  return input.first(std::min(input.size(), 4 + bytes));
}

void expectNames(const ClientHello& hello) {
  WEFT_CHECK(hello.serverName().size() <= ClientHello::kServerNameBytesMax);
  for (const char text : hello.serverName()) {
    WEFT_CHECK(text > ' ' && (text < 'A' || text > 'Z'));
  }
  std::size_t bytes = 0;
  for (const std::string_view name : hello.alpn()) {
    WEFT_CHECK(!name.empty());
    bytes += 1 + name.size();
  }
  WEFT_CHECK(bytes <= ClientHello::kAlpnBytesMax);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = std::as_bytes(std::span(data, size));
  if (const auto hello = ClientHello::parse(input)) {
    expectNames(*hello);
  }
  if (size < 2) {
    return 0;
  }
  const std::size_t recordBytes = 1U + (data[0] | std::size_t{data[1]} << 8U) % 16'384U;
  const Bytes message = ofOneMessage(input.subspan(2));
  const auto cut = ClientHello::parse(cutIntoRecords(message, recordBytes));
  const auto whole = ClientHello::parse(cutIntoRecords(message, 16'384));
  WEFT_CHECK(cut.has_value() == whole.has_value());
  if (cut) {
    expectNames(*cut);
    WEFT_CHECK(cut->serverName() == whole->serverName());
    WEFT_CHECK(std::ranges::equal(cut->alpn(), whole->alpn()));
  }
  return 0;
}
