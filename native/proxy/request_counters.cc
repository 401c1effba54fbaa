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

void addBodies(telemetry::Cells& counted, BodyBytes bodies) {
  counted.add(telemetry::HttpResponseCell::kRequestBytes, bodies.request);
  counted.add(telemetry::HttpResponseCell::kResponseBytes, bodies.response);
}

}  // namespace

void countRequest(telemetry::CellTable& cellTable, const RequestLabels& labels, std::size_t cell) {
  cellsOf(cellTable, telemetry::RunKind::HttpRequest, labels, 0).add(cell, 1);
}

void countResponse(telemetry::CellTable& cellTable, const RequestLabels& labels,
                   std::uint32_t status, bool whole, base::Duration latency, BodyBytes bodies) {
  using telemetry::HttpResponseCell;
  telemetry::Cells counted = cellsOf(cellTable, telemetry::RunKind::HttpResponse, labels, status);
  const auto us = static_cast<std::uint64_t>(latency.count());
  const bool success = whole && !isServerError(status);
  counted.add(success ? HttpResponseCell::kSuccesses : HttpResponseCell::kFailures, 1);
  counted.add(HttpResponseCell::kLatencyUsSum, us);
  counted.add(HttpResponseCell::kLatencies + telemetry::latencyBucketOf(us), 1);
  addBodies(counted, bodies);
}

void countBodies(telemetry::CellTable& cellTable, const RequestLabels& labels, std::uint32_t status,
                 BodyBytes bodies) {
  telemetry::Cells counted = cellsOf(cellTable, telemetry::RunKind::HttpResponse, labels, status);
  addBodies(counted, bodies);
}

}  // namespace weft::proxy
