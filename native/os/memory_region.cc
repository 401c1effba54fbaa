#include "os/memory_region.h"

#include <cerrno>
#include <cstddef>
#include <memory>

#include <sys/mman.h>

#include "base/error.h"
#include "base/result.h"

namespace weft::os {

base::Result<std::unique_ptr<MemoryRegion>> MemoryRegion::reserve(std::size_t bytes) {
  void* start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) {
    return base::errorFromErrno(errno, base::Side::Internal, "cannot reserve memory");
  }
  return std::unique_ptr<MemoryRegion>(new MemoryRegion(start, bytes));
}

MemoryRegion::~MemoryRegion() {
  ::munmap(start_, bytes_);
}

}  // namespace weft::os
