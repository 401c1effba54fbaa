#include "upstream/http_memory.h"

#include "base/bytes.h"
#include "os/buffer_pool.h"
#include "upstream/connector.h"    // IWYU pragma: keep
#include "upstream/http_client.h"  // IWYU pragma: keep

namespace weft::upstream {

HttpMemory::HttpMemory(os::BufferPool& bufferPool, base::MutableBytes readScratch)
    : buffers(bufferPool), scratch(readScratch) {}

HttpMemory::~HttpMemory() = default;

void HttpMemory::trim() noexcept {
  partialHeads.trim();
  clients.trim();
  connectors.trim();
}

}  // namespace weft::upstream
