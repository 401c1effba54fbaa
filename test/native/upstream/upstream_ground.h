// What connectors and clusters stand on, in memory: a loop with a manual clock, a network, counters
// and events.
#pragma once

#include <cstddef>
#include <vector>

#include "os/splice_pipe.h"
#include "support/collecting_sink.h"
#include "support/manual_clock.h"
#include "support/memory_poller.h"
#include "support/memory_sockets.h"
#include "support/mixed_transports.h"
#include "support/snapshots.h"
#include "upstream/context.h"
#include "upstream/http_memory.h"

namespace weft::upstream {

class UpstreamGround {
 public:
  explicit UpstreamGround(test::TransportKind kind = test::TransportKind::Plain)
      : transports(sockets, {.downstream = kind, .upstream = kind}),
        context{.loop = loop,
                .sockets = sockets,
                .pipes = pipes,
                .transports = transports,
                .random = random,
                .cellTable = table,
                .workerCells = table.worker(),
                .events = events,
                .probeSlots = probeSlots,
                .checkSlots = checkSlots,
                .http = http} {
    buffers.setBytesMax(1'000'000);
  }

  UpstreamGround(const UpstreamGround&) = delete;
  UpstreamGround& operator=(const UpstreamGround&) = delete;

  /// Turns until nothing is ready.
  void settle() {
    do {
      network.deliver();
      loop.turn();
    } while (poller.wasBusy() || poller.hasReady());
  }

  void advance(base::Duration by) {
    for (base::Duration step = by / 20; by > base::Duration{}; by -= step) {
      clock.advance(step);
      settle();
    }
  }

  /// Listens for as long as the ground lives.
  void listen(const base::Address& address) {
    static_cast<void>(
        outside.listen({.address = address, .backlogCount = 1000, .unixMode = {}, .stream = {}})
            .value());
  }

  test::ManualClock clock;
  test::MemoryNetwork network{clock, {}};
  test::MemorySockets sockets{network};
  test::MemorySockets outside{network};
  test::MemoryPoller poller{sockets};
  os::Loop loop{poller, clock};
  base::Random random{1};
  std::vector<std::uint64_t> cells = std::vector<std::uint64_t>(4096);
  std::vector<telemetry::DirectorySlot> directory = std::vector<telemetry::DirectorySlot>(256);
  telemetry::CellTable table{cells, directory};
  test::CollectingSink events;
  test::MixedTransports transports;
  ProbeSlots probeSlots;
  ProbeSlots checkSlots;
  os::BufferPool buffers;
  os::PipePool pipes{sockets};
  std::vector<std::byte> scratch = std::vector<std::byte>(65'536);
  HttpMemory http{buffers, scratch};
  Context context;
};

}  // namespace weft::upstream
