#include "telemetry/close_reason.h"

#include "base/error.h"

namespace weft::telemetry {

namespace {

bool isReset(int sysErrno, base::Side side) noexcept {
  return base::errorFromErrno(sysErrno, side, "").code == base::ErrorCode::Reset;
}

}  // namespace

CloseReason downstreamLoss(int sysErrno) noexcept {
  return isReset(sysErrno, base::Side::Downstream) ? CloseReason::DownstreamReset
                                                   : CloseReason::DownstreamLost;
}

CloseReason upstreamLoss(int sysErrno) noexcept {
  return isReset(sysErrno, base::Side::Upstream) ? CloseReason::UpstreamReset
                                                 : CloseReason::UpstreamLost;
}

}  // namespace weft::telemetry
