#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace weft::base {

void checkFailed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "weft: internal check failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace weft::base
