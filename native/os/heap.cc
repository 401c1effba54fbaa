#include "os/heap.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace weft::os {

bool trimHeap() noexcept {
#ifdef __GLIBC__
  return ::malloc_trim(0) != 0;
#else
  return false;
#endif
}

}  // namespace weft::os
