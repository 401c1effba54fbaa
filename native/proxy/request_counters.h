// What is counted of requests and of their responses, by where they went. One worker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/ids.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"

namespace weft::proxy {

/// Whether a response with this status is a failure of the server's.
[[nodiscard]] constexpr bool isServerError(std::uint32_t status) noexcept {
  return status >= 500;
}

/// Of the bodies of a request and of its response, without their framing.
struct BodyBytes {
  std::uint64_t request = 0;
  std::uint64_t response = 0;
};

/// Where a request went; ids are absent for what there was none of.
struct RequestLabels {
  snapshot::Direction direction = snapshot::Direction::Outbound;
  base::ClusterId cluster{};
  base::EndpointId endpoint{};
  base::RouteId route{};
};

/// `cell` is one of telemetry::HttpRequestCell.
void countRequest(telemetry::CellTable& cellTable, const RequestLabels& labels, std::size_t cell);

/// One that was cut is a failure, whatever its status.
void countResponse(telemetry::CellTable& cellTable, const RequestLabels& labels,
                   std::uint32_t status, bool whole, base::Duration latency, BodyBytes bodies);

/// Of a response that is not over.
void countBodies(telemetry::CellTable& cellTable, const RequestLabels& labels, std::uint32_t status,
                 BodyBytes bodies);

}  // namespace weft::proxy
