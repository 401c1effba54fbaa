#include "proxy/request_counters.h"

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "telemetry/cell_table.h"
#include "telemetry/cells.h"
#include "telemetry/latency.h"

namespace weft::proxy {

namespace {

telemetry::Cells cellsOf(telemetry::CellTable& cellTable, telemetry::RunKind kind,
                         const RequestLabels& labels, std::uint32_t status) {
  return cellTable.run({.kind = kind,
                        .ids = {static_cast<std::uint32_t>(labels.direction), labels.cluster.number,
                                labels.endpoint.number, status, labels.route.number}});
}

}  // namespace

void countRequest(telemetry::CellTable& cellTable, const RequestLabels& labels, std::size_t cell) {
  cellsOf(cellTable, telemetry::RunKind::HttpRequest, labels, 0).add(cell, 1);
}

void countResponse(telemetry::CellTable& cellTable, const RequestLabels& labels,
                   std::uint32_t status, bool whole, base::Duration latency) {
  using telemetry::HttpResponseCell;
  telemetry::Cells counted = cellsOf(cellTable, telemetry::RunKind::HttpResponse, labels, status);
  const auto us = static_cast<std::uint64_t>(latency.count());
  const bool success = whole && !isServerError(status);
  counted.add(success ? HttpResponseCell::kSuccesses : HttpResponseCell::kFailures, 1);
  counted.add(HttpResponseCell::kLatencyUsSum, us);
  counted.add(HttpResponseCell::kLatencies + telemetry::latencyBucketOf(us), 1);
}

}  // namespace weft::proxy
