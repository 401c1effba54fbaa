// HttpMemory: what HTTP in one worker lives in: the scratch that reads go to, buffers, and the head
// that is being read. One for each worker; outlives its users.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "codec/h1_head.h"
#include "os/buffer_pool.h"
#include "os/object_pool.h"

namespace weft::upstream {

class Connector;
class HttpClient;

/// A head of which only a part has come.
struct PartialHead {
  codec::H1HeadReader reader;
  codec::H1Head head;
};

class HttpMemory {
 public:
  /// Of one read: with what may be left of a head, it fits in a buffer.
  static constexpr std::size_t kReadBytesMax = std::size_t{64} * 1024;

  /// What one connection may read in one go, so that the others of the worker have their turn.
  static constexpr std::size_t kTurnBytes = std::size_t{1} * 1024 * 1024;

  HttpMemory(os::BufferPool& bufferPool, base::MutableBytes readScratch);
  ~HttpMemory();

  HttpMemory(const HttpMemory&) = delete;
  HttpMemory& operator=(const HttpMemory&) = delete;

  void trim() noexcept;

  os::BufferPool& buffers;
  base::MutableBytes scratch;  ///< Nothing stays in it between calls.
  codec::H1Head head;          ///< Of a head that came whole; the same.
  os::ObjectPool<PartialHead> partialHeads;
  os::ObjectPool<HttpClient> clients;
  os::ObjectPool<Connector> connectors;
};

}  // namespace weft::upstream
