// What a client sends, read by ours and by Boost.Beast: each request that ours takes is the same to
// both, to its last byte.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "beast/agreement.h"
#include "support/fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  weft::test::expectNothing(weft::test::requestsDiffer(bytes));
  return 0;
}
