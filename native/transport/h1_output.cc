#include "transport/h1_output.h"

#include <cstddef>

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
  return addWritten(outbox, buffers,
                    codec::kChunkSizeBytesMax + bytes.size() + codec::kLineEndBytes,
                    [bytes](codec::H1Writer& writer) {
                      writer.chunkSize(bytes.size());
                      writer.bytes(bytes);
                      writer.chunkEnd();
                    });
}

bool addLastChunk(Outbox& outbox, os::BufferPool& buffers,
                  const codec::H1Trailers& trailers) noexcept {
  return addWritten(outbox, buffers, kLastChunkBytes + trailers.linesEnd,
                    [&trailers](codec::H1Writer& writer) {
                      writer.lastChunk();
                      writer.fields(trailers.held, trailers.fields, trailers.linesEnd, {});
                      writer.endFields();
                    });
}

}  // namespace weft::transport
