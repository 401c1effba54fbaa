// A body in chunks (RFC 9112 7.1) on its way into a transport.
#pragma once

#include "base/bytes.h"
#include "codec/h1_chunk_reader.h"
#include "os/buffer_pool.h"
#include "transport/outbox.h"

namespace weft::transport {

/// One chunk. False when there is no memory. REQUIRES: at most 64 KiB.
[[nodiscard]] bool addChunk(Outbox& outbox, os::BufferPool& buffers, base::Bytes bytes) noexcept;

/// The end of the body with what comes behind it. False when there is no memory.
[[nodiscard]] bool addLastChunk(Outbox& outbox, os::BufferPool& buffers,
                                const codec::H1Trailers& trailers) noexcept;

}  // namespace weft::transport
