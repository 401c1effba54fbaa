// Headers of the PROXY protocol: what is whole is not whole before its end, and what is written of
// it in either version reads back to the same.
#include "codec/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"
#include "base/bytes.h"

using weft::base::Bytes;
using weft::codec::ProxyHeader;
using weft::codec::ProxyRead;
using weft::codec::ProxyVersion;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = std::as_bytes(std::span(data, size));
  ProxyHeader header;
  const ProxyRead all = readProxyHeader(bytes, header);
  for (std::size_t end = 0; end < std::min<std::size_t>(size, 300); ++end) {
    ProxyHeader part;
    const ProxyRead read = readProxyHeader(bytes.first(end), part);
    WEFT_CHECK(read == ProxyRead::NeedMore || read == all);
    WEFT_CHECK(read != ProxyRead::Whole || (part.bytes == header.bytes && end >= header.bytes));
  }
  if (all != ProxyRead::Whole) {
    return 0;
  }
  WEFT_CHECK(header.bytes <= size && header.bytes <= weft::codec::kProxyHeaderBytesMax);
  for (const ProxyVersion version : {ProxyVersion::V1, ProxyVersion::V2}) {
    std::array<std::byte, weft::codec::kProxyHeaderBytesMax> room;
    const std::size_t written = writeProxyHeader(version, header, room);
    ProxyHeader again;
    WEFT_CHECK(written > 0 &&
               readProxyHeader(Bytes(room).first(written), again) == ProxyRead::Whole);
    WEFT_CHECK(again.bytes == written);
    if (version == ProxyVersion::V2) {
      WEFT_CHECK(std::ranges::equal(again.tlvs, header.tlvs));
    }
  }
  return 0;
}
