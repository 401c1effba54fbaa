// Heads and chunks of HTTP/1 on their way into a transport.
#pragma once

#include <cstddef>

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_writer.h"
#include "os/buffer_pool.h"
#include "transport/outbox.h"

namespace weft::transport {

/// Adds what `write` writes, at most `bytesMax`. False when there is no memory.
template <typename Write>
[[nodiscard]] bool addWritten(Outbox& outbox, os::BufferPool& buffers, std::size_t bytesMax,
                              Write write) noexcept {
  const base::MutableBytes room = outbox.room(buffers, bytesMax);
  if (room.empty()) {
    return false;
  }
  codec::H1Writer writer(room);
  write(writer);
  WEFT_CHECK(!writer.overflowed());
  outbox.added(writer.size());
  return true;
}

/// One chunk (RFC 9112 7.1). False when there is no memory. REQUIRES: at most 64 KiB.
[[nodiscard]] bool addChunk(Outbox& outbox, os::BufferPool& buffers, base::Bytes bytes) noexcept;

/// The end of a body in chunks with what comes behind it. False when there is no memory.
[[nodiscard]] bool addLastChunk(Outbox& outbox, os::BufferPool& buffers,
                                const codec::H1Trailers& trailers) noexcept;

}  // namespace weft::transport
