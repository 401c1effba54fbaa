#include "transport/h1_chunks.h"

#include <cstddef>
#include <span>

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_writer.h"
#include "os/buffer_pool.h"
#include "transport/outbox.h"

namespace weft::transport {

namespace {

constexpr std::size_t kLastChunkBytes = 3 + 2;

}  // namespace

bool addChunk(Outbox& outbox, os::BufferPool& buffers, base::Bytes bytes) noexcept {
  if (bytes.empty()) {
    // It would end the body.
    return true;
  }
  const base::MutableBytes room =
      outbox.room(buffers, codec::kChunkSizeBytesMax + bytes.size() + codec::kLineEndBytes);
  if (room.empty()) {
    return false;
  }
  codec::H1Writer writer(room);
  writer.chunkSize(bytes.size());
  writer.bytes(bytes);
  writer.chunkEnd();
  WEFT_CHECK(!writer.overflowed());
  outbox.added(writer.size());
  return true;
}

bool addLastChunk(Outbox& outbox, os::BufferPool& buffers,
                  const codec::H1Trailers& trailers) noexcept {
  const base::MutableBytes room = outbox.room(buffers, kLastChunkBytes + trailers.linesEnd);
  if (room.empty()) {
    return false;
  }
  codec::H1Writer writer(room);
  writer.lastChunk();
  writer.fields(trailers.held, trailers.fields, trailers.linesEnd, {});
  writer.endFields();
  WEFT_CHECK(!writer.overflowed());
  outbox.added(writer.size());
  return true;
}

}  // namespace weft::transport
