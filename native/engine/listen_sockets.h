// ListenSockets: the listening sockets of the process, one for each address. Opens what a snapshot
// wants before anything else changes, so that a listener that cannot be opened leaves everything as
// it is. An address that stays keeps its socket, under whatever listener names it. Control thread
// only.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/drain_options.h"
#include "engine/dump.h"
#include "engine/engine.h"
#include "engine/worker.h"
#include "os/sockets.h"
#include "snapshot/listener.h"
#include "snapshot/snapshot.h"

namespace weft::engine {

struct ListenSocket {
  int fd = os::kNoFd;
  std::uint32_t worker = 0;  ///< Whose loop accepts.
  base::ListenerId listener;
  snapshot::Direction direction{};
  os::ListenOptions options;
};

/// What a snapshot does to the sockets.
struct ListenChanges {
  std::vector<ListenSocket> opened;
  std::vector<ListenSocket> closed;
  std::vector<ListenSocket> kept;  ///< Under a listener that may be another one.
};

class ListenSockets {
 public:
  ListenSockets(os::Sockets& sockets, std::uint32_t workerCount) noexcept
      : sockets_(sockets), workerCount_(workerCount) {}

  ~ListenSockets();

  ListenSockets(const ListenSockets&) = delete;
  ListenSockets& operator=(const ListenSockets&) = delete;

  /// Opens the new ones and says what follows; on failure nothing has changed. Closed sockets are
  /// the caller's to close, once nobody accepts from them.
  [[nodiscard]] std::unique_ptr<PublishFailure> change(const snapshot::Snapshot& next,
                                                       ListenChanges& changes);

  /// Those in scope leave; the caller closes them. None like them is opened again.
  [[nodiscard]] std::vector<ListenSocket> take(DrainScope scope);

  /// Where they are bound.
  [[nodiscard]] DumpResult dump(std::uint32_t countMax) const;

 private:
  [[nodiscard]] std::unique_ptr<PublishFailure> open(const snapshot::Snapshot& next,
                                                     ListenChanges& changes,
                                                     std::vector<ListenSocket>& sockets);

  [[nodiscard]] bool taken(snapshot::Direction direction) const noexcept {
    return direction == snapshot::Direction::Inbound ? inboundTaken_ : outboundTaken_;
  }

  os::Sockets& sockets_;
  const std::uint32_t workerCount_;
  std::uint32_t nextWorker_ = 0;
  std::vector<ListenSocket> open_;
  bool inboundTaken_ = false;
  bool outboundTaken_ = false;
};

}  // namespace weft::engine
