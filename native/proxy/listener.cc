#include "proxy/listener.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/ids.h"
#include "proxy/admission.h"
#include "snapshot/listener.h"
#include "telemetry/cell_table.h"
#include "telemetry/close_reason.h"
#include "upstream/cluster_runtime.h"

namespace weft::proxy {

using telemetry::ListenerTcpCell;
using telemetry::RunKey;
using telemetry::RunKind;

Listener::Listener(telemetry::CellTable& cellTable, std::shared_ptr<Gate> gate,
                   std::shared_ptr<const snapshot::Listener> settings)
    : cellTable_(cellTable), gate_(std::move(gate)), settings_(std::move(settings)) {
  const auto direction = static_cast<std::uint32_t>(settings_->direction);
  cells_ = cellTable_.run(
      {.kind = RunKind::ListenerTcp, .ids = {settings_->id.number, direction, 0, 0, 0}});
  cleanCloses_ = cellTable_.run(closeKey(0));
}

void Listener::apply(std::shared_ptr<const snapshot::Listener> settings,
                     upstream::ClusterRuntime& cluster) {
  settings_ = std::move(settings);
  cluster_ = &cluster;
  removed_ = false;
}

RunKey Listener::closeKey(int sysErrno) const noexcept {
  constexpr std::uint32_t kDownstreamPeer = 0;
  return {
      .kind = RunKind::CloseErrno,
      .ids = {kDownstreamPeer, static_cast<std::uint32_t>(settings_->direction),
              settings_->id.number, base::EndpointId::kNone, static_cast<std::uint32_t>(sysErrno)}};
}

bool Listener::enter() noexcept {
  if (!gate_->enter(settings_->connectionsMax)) {
    return false;
  }
  ++connectionsNow_;
  limitReached_ = false;
  return true;
}

void Listener::leave() noexcept {
  --connectionsNow_;
  gate_->leave();
}

void Listener::countOpen() noexcept {
  cells_.add(ListenerTcpCell::kOpens, 1);
  cells_.add(ListenerTcpCell::kOpenNow, 1);
}

void Listener::countRefusal(telemetry::CloseReason reason) noexcept {
  cells_.add(ListenerTcpCell::kCloses + static_cast<std::size_t>(reason), 1);
}

void Listener::countClose(telemetry::CloseReason reason, int sysErrno) noexcept {
  countRefusal(reason);
  cells_.subtract(ListenerTcpCell::kOpenNow, 1);
  telemetry::Cells closes = sysErrno == 0 ? cleanCloses_ : cellTable_.run(closeKey(sysErrno));
  closes.add(telemetry::CloseErrnoCell::kCloses, 1);
}

}  // namespace weft::proxy
