// First bytes of a connection, whole and in parts that the first byte of the input chooses: one
// verdict for every split, never taken back, and Tls only where the names can be read.
#include "codec/sniffer.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/client_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weft::codec::Sniffed;
  if (size == 0) {
    return 0;
  }
  const std::size_t step = 1U + data[0];
  const weft::base::Bytes bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const Sniffed whole = weft::codec::Sniffer().advance(bytes);

  weft::codec::Sniffer sniffer;
  Sniffed verdict = Sniffed::NeedMore;
  for (std::size_t end = 0; end < bytes.size(); end += step) {
    const Sniffed next = sniffer.advance(bytes.first(end));
    WEFT_CHECK(verdict == Sniffed::NeedMore || next == verdict);
    verdict = next;
  }
  WEFT_CHECK(verdict == Sniffed::NeedMore || verdict == whole);
  WEFT_CHECK(sniffer.advance(bytes) == whole);
  WEFT_CHECK(whole != Sniffed::Tls || weft::codec::ClientHello::parse(bytes).has_value());
  return 0;
}
