// What a worker lends to its connections. One for each worker; outlives them.
#pragma once

#include "base/bytes.h"
#include "os/buffer_pool.h"
#include "upstream/context.h"

namespace weft::proxy {

struct Context {
  upstream::Context& upstream;
  os::BufferPool& buffers;
  base::MutableBytes scratch;  ///< Where every read goes first; nothing stays in it between calls.
  std::uint32_t workerIndex = 0;

  [[nodiscard]] os::Loop& loop() const noexcept { return upstream.loop; }

  [[nodiscard]] os::Sockets& sockets() const noexcept { return upstream.sockets; }

  [[nodiscard]] telemetry::WorkerCells& workerCells() const noexcept {
    return upstream.workerCells;
  }
};

}  // namespace weft::proxy
