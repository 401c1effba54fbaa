// What a worker lends to everything that deals with endpoints. One for each worker; outlives its
// users.
#pragma once

#include "base/ids.h"
#include "base/random.h"
#include "os/loop.h"
#include "os/sockets.h"
#include "os/splice_pipe.h"
#include "telemetry/cell_table.h"
#include "telemetry/event_sink.h"
#include "transport/transport.h"
#include "upstream/health_check.h"
#include "upstream/probe.h"

namespace weft::upstream {

class HttpMemory;

/// The other workers, whose connections may be what a request here waits for.
class WaitPeers {
 public:
  virtual void connectionWanted(base::ClusterId cluster) noexcept = 0;

 protected:
  ~WaitPeers() = default;
};

struct Context {
  os::Loop& loop;
  os::Sockets& sockets;
  os::PipePool& pipes;
  transport::TransportFactory& transports;
  base::Random& random;
  telemetry::CellTable& cellTable;
  telemetry::WorkerCells workerCells;
  telemetry::EventSink& events;
  ProbeSlots& probeSlots;  ///< Of those that ask whether an endpoint is back.
  ProbeSlots& checkSlots;  ///< Of health checks, which do not hold up the others.
  HttpMemory& http;
  HealthPeers* healthPeers = nullptr;  ///< Of the worker that checks the health of endpoints.
  WaitPeers* waitPeers = nullptr;      ///< Null: there are none.
};

}  // namespace weft::upstream
