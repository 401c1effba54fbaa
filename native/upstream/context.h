// What a worker lends to everything that deals with endpoints. One for each worker; outlives its
// users.
#pragma once

#include "base/random.h"
#include "os/loop.h"
#include "os/sockets.h"
#include "telemetry/cell_table.h"
#include "telemetry/event_sink.h"
#include "transport/transport.h"
#include "upstream/probe.h"

namespace weft::upstream {

struct Context {
  os::Loop& loop;
  os::Sockets& sockets;
  transport::TransportFactory& transports;
  base::Random& random;
  telemetry::CellTable& cellTable;
  telemetry::WorkerCells workerCells;
  telemetry::EventSink& events;
  ProbeSlots& probeSlots;
};

}  // namespace weft::upstream
